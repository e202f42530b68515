// The portal's only script. Every page works without it; with it, the passkey buttons appear.
// A button names where its options come from, and the hidden field of its form that takes the answer.

const isSupported =
  typeof PublicKeyCredential === 'function' &&
  typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function' &&
  typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function' &&
  typeof PublicKeyCredential.prototype.toJSON === 'function'

async function askDevice(button) {
  const response = await fetch(button.dataset.options, {
    method: 'POST',
    body: new URLSearchParams({ csrf: button.form.elements.csrf.value }),
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

async function use(button) {
  const { form } = button
  const failure = form.querySelector('[data-passkey-failure]')
  failure.hidden = true
  button.disabled = true
  try {
    const credential = await askDevice(button)
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
    button.addEventListener('click', () => use(button))
    button.hidden = false
  }
