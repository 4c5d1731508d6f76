/** Copies the address of a new link; without this it is selected and copied by hand. */

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    // Without HTTPS a browser has no clipboard to write to, but the old command.
    if (!document.execCommand("copy")) return;
  }
  button.querySelector("span").textContent = "Copied";
  button.closest(".field").querySelector("[data-copied]").textContent = "The link is copied.";
});
