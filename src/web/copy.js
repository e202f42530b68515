// Shows the buttons that copy the text beside them. Every page works without it.

async function copy(button) {
  const said = button.textContent
  try {
    await navigator.clipboard.writeText(button.parentElement.querySelector('pre').textContent)
    button.textContent = button.dataset.copied
  } catch {
    button.hidden = true
  }
  setTimeout(() => {
    button.textContent = said
  }, 2000)
}

if (navigator.clipboard)
  for (const button of document.querySelectorAll('button[data-copied]')) {
    button.addEventListener('click', () => copy(button))
    button.hidden = false
  }
