// The portal's only script. Every page works without it; it shows the passkey buttons.
// A button states the path of its options, and the hidden field of its form for the response.

const isSupported =
  typeof PublicKeyCredential === 'function' &&
  typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function' &&
  typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function' &&
  typeof PublicKeyCredential.prototype.toJSON === 'function'

/** The names of the fields that have to be filled in first, and that the options depend on. */
const neededBy = (button) => (button.dataset.needs ?? '').split(' ').filter(Boolean)

async function requestCredential(button) {
  const sent = ['csrf', ...neededBy(button)].map((name) => [name, button.form.elements[name].value])
  const response = await fetch(button.dataset.options, {
    method: 'POST',
    body: new URLSearchParams(sent),
  })
  if (!response.ok) throw new Error('no options')
  const options = await response.json()
  return button.dataset.passkey === 'create'
    ? navigator.credentials.create({
        publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
      })
    : navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
      })
}

const isFilled = (button) =>
  neededBy(button).every((name) => button.form.elements[name].reportValidity())

async function submitPasskey(button) {
  if (!isFilled(button)) return
  const { form } = button
  const failure = form.querySelector('[data-passkey-failure]')
  failure.hidden = true
  button.disabled = true
  try {
    const credential = await requestCredential(button)
    form.elements[button.dataset.field].value = JSON.stringify(credential.toJSON())
    form.submit()
  } catch {
    failure.hidden = false
  } finally {
    button.disabled = false
  }
}

if (isSupported)
  for (const button of document.querySelectorAll('button[data-passkey]')) {
    button.addEventListener('click', () => submitPasskey(button))
    button.hidden = false
  }
