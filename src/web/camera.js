// For the pages that take photos, and those that wait for a phone. Each works without it: it adds a live view, a preview, advice
// before a photo is sent, the progress of sending it, and pages that follow what happens elsewhere. The server decides about a photo.

const LIVE_MS = 700
const REFRESH_MS = 3000
// Below these a photo is worth a second look. They are estimates: the advice never prevents sending.
const LEAST_SIDE = 600
const DARK = 55
const BLURRED = 45
const SAMPLE_SIDE = 480

/** Brightness (0 to 255) and sharpness (the variance of the Laplacian) of a picture, at a common size. */
function measure(source, width, height) {
  const scale = Math.min(1, SAMPLE_SIDE / Math.max(width, height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(3, Math.round(width * scale))
  canvas.height = Math.max(3, Math.round(height * scale))
  const context = canvas.getContext('2d', { willReadFrequently: true })
  context.drawImage(source, 0, 0, canvas.width, canvas.height)
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
  const grey = new Float32Array(data.length / 4)
  let light = 0
  for (let at = 0; at < grey.length; at++) {
    grey[at] = 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2]
    light += grey[at]
  }
  let sum = 0
  let squares = 0
  let count = 0
  for (let y = 1; y < canvas.height - 1; y++)
    for (let x = 1; x < canvas.width - 1; x++) {
      const at = y * canvas.width + x
      const edge =
        grey[at - 1] +
        grey[at + 1] +
        grey[at - canvas.width] +
        grey[at + canvas.width] -
        4 * grey[at]
      sum += edge
      squares += edge * edge
      count++
    }
  return { light: light / grey.length, sharpness: squares / count - (sum / count) ** 2 }
}

const adviceOn = ({ light, sharpness }) => [
  ...(light < DARK ? ['dark'] : []),
  ...(sharpness < BLURRED ? ['blurred'] : []),
]

/** Shows these of the prepared sentences, and hides the others. */
function say(root, attribute, names) {
  for (const line of root.querySelectorAll(`[data-${attribute}]`))
    line.hidden = !names.includes(line.getAttribute(`data-${attribute}`))
}

/** Replaces what the page shows by what the server answered, which is a page of ours. */
function showAnswer(text) {
  const answer = new DOMParser().parseFromString(text, 'text/html')
  const main = answer.querySelector('main')
  if (!main) return false
  document.title = answer.title
  document.querySelector('main').replaceWith(document.adoptNode(main))
  start()
  const fault = document.querySelector('main [aria-invalid="true"]')
  fault?.focus()
  return true
}

function preparePhoto(form) {
  const part = (name) => form.querySelector(`[data-${name}]`)
  const input = form.elements.image
  const preview = part('preview')

  async function look() {
    const [file] = input.files
    preview.hidden = true
    part('broken').hidden = true
    if (!file) return say(form, 'says', [])
    const isLarge = file.size > Number(form.dataset.mostBytes)
    // The server certainly refuses it.
    input.setCustomValidity(isLarge ? form.querySelector('[data-says="large"]').textContent : '')
    if (isLarge) return say(form, 'says', ['large'])
    if (file.type && !file.type.startsWith('image/')) return say(form, 'says', ['type'])
    let picture
    try {
      picture = await createImageBitmap(file)
    } catch {
      // A HEIC, perhaps, which most browsers cannot draw and the server can.
      return say(form, 'says', ['unknown'])
    }
    const { width, height } = picture
    const canvas = preview.querySelector('canvas')
    const scale = Math.min(1, 960 / Math.max(width, height))
    canvas.width = Math.round(width * scale)
    canvas.height = Math.round(height * scale)
    canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height)
    preview.hidden = false
    const advice = adviceOn(measure(picture, width, height))
    if (Math.min(width, height) < LEAST_SIDE) advice.unshift('small')
    picture.close()
    say(form, 'says', advice.length > 0 ? advice : ['good'])
  }

  function send(event) {
    event.preventDefault()
    const request = new XMLHttpRequest()
    const sending = part('sending')
    const button = form.querySelector('.buttons > .primary:not([type="button"])')
    const bar = sending.querySelector('progress')
    const end = (isBroken) => {
      sending.hidden = true
      button.disabled = false
      part('broken').hidden = !isBroken
    }
    request.upload.onprogress = ({ loaded, total }) => {
      // All is sent, and the server is looking at it.
      if (loaded < total) bar.value = (100 * loaded) / total
      else bar.removeAttribute('value')
    }
    request.onerror = () => end(true)
    request.onload = () => {
      if (request.status < 400) location.assign(request.responseURL)
      else if (!showAnswer(request.responseText)) end(true)
    }
    button.disabled = true
    part('broken').hidden = true
    sending.hidden = false
    request.open('POST', form.action)
    request.setRequestHeader('Accept', 'text/html')
    request.send(new FormData(form))
  }

  input.addEventListener('change', look)
  form.addEventListener('submit', send)
  if (navigator.mediaDevices?.getUserMedia && typeof DataTransfer === 'function')
    prepareCamera(form, part, input)
}

function prepareCamera(form, part, input) {
  const video = part('finder').querySelector('video')
  let stream
  let timer

  const close = () => {
    clearInterval(timer)
    for (const track of stream?.getTracks() ?? []) track.stop()
    stream = undefined
    part('finder').hidden = true
    part('open').hidden = false
  }

  async function open() {
    part('refused').hidden = true
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: {
          facingMode: { ideal: form.dataset.facing },
          width: { ideal: 1920 },
          height: { ideal: 1080 },
        },
      })
    } catch {
      part('refused').hidden = false
      return
    }
    video.srcObject = stream
    await video.play()
    part('finder').hidden = false
    part('open').hidden = true
    part('take').focus()
    timer = setInterval(() => {
      if (!form.isConnected) return close()
      if (video.videoWidth > 0)
        say(form, 'live-says', adviceOn(measure(video, video.videoWidth, video.videoHeight)))
    }, LIVE_MS)
  }

  function take() {
    const canvas = document.createElement('canvas')
    canvas.width = video.videoWidth
    canvas.height = video.videoHeight
    canvas.getContext('2d').drawImage(video, 0, 0)
    canvas.toBlob(
      (blob) => {
        if (!blob) return
        const files = new DataTransfer()
        files.items.add(new File([blob], 'photo.jpg', { type: 'image/jpeg' }))
        input.files = files.files
        input.dispatchEvent(new Event('change'))
        close()
        form.querySelector('.buttons > .primary:not([type="button"])').focus()
      },
      'image/jpeg',
      0.92,
    )
  }

  part('open').addEventListener('click', open)
  part('take').addEventListener('click', take)
  part('close').addEventListener('click', close)
  addEventListener('pagehide', close)
  part('camera').hidden = false
}

/** Keeps a part of the page as the server would show it now, while somebody can see it. */
function follow(region) {
  for (const line of region.querySelectorAll('[data-by-hand]')) line.hidden = true
  const timer = setInterval(async () => {
    if (!region.isConnected) return clearInterval(timer)
    if (document.hidden) return
    const answer = await fetch(region.dataset.live, { headers: { Accept: 'text/html' } }).catch(
      () => undefined,
    )
    if (!answer) return
    if (answer.status >= 500 || answer.status === 429) return
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const now = page.querySelector('[data-live]')
    if (!now) {
      // The connection has ended: the page says so.
      clearInterval(timer)
      location.reload()
      return
    }
    for (const line of now.querySelectorAll('[data-by-hand]')) line.hidden = true
    if (now.innerHTML !== region.innerHTML) region.replaceChildren(...now.childNodes)
  }, REFRESH_MS)
}

function start() {
  for (const form of document.querySelectorAll('form[data-photo]')) preparePhoto(form)
  for (const region of document.querySelectorAll('[data-live]')) follow(region)
}

start()
