// Draw the blocks of Mermaid, again when the reader changes between light and dark. mermaid.tiny.js is beside this file.
const library = document.createElement("script");
library.src = new URL("mermaid.tiny.js", document.currentScript.src);

addEventListener("DOMContentLoaded", async () => {
  const blocks = [...document.querySelectorAll(".highlight-mermaid")];
  if (!blocks.length) return;
  await new Promise((resolve) => {
    library.onload = resolve;
    document.head.append(library);
  });
  const sources = blocks.map((block) => block.textContent);
  const draw = async () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "dark" : "default";
    mermaid.initialize({ startOnLoad: false, theme, sequence: { wrap: true, width: 110, actorMargin: 20 } });
    for (const [number, block] of blocks.entries()) {
      const { svg } = await mermaid.render(`diagram-${number}`, sources[number]);
      block.className = "diagram";
      block.tabIndex = 0; // keys scroll it
      block.innerHTML = svg;
    }
  };
  await draw();
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
});
