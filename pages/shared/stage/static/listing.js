// The button beside a listing: the page's own HTML runs no script, so the stage hears for it, once for all stages.

const SAID = 1600; // ms that the button says it has been done
let hears = false;

async function copy(button) {
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch { // not allowed here (no https): what is selected can be copied by hand
    getSelection().selectAllChildren(code);
    return;
  }
  const word = button.textContent;
  if (word === button.dataset.done) return;
  button.textContent = button.dataset.done;
  setTimeout(() => (button.textContent = word), SAID);
}

/** Have every copy button of the page work, now and later. */
export function offerCopies() {
  if (hears) return;
  hears = true;
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".atlas-copy");
    if (button) copy(button);
  });
}
