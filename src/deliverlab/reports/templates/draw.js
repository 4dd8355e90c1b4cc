// Draws every chart of the page from the specification beside it. Expressions are interpreted, never evaluated.
const drawings = [...document.querySelectorAll("figure.chart")].map(async (figure) => {
  const place = figure.querySelector(".drawing");
  const spec = JSON.parse(figure.querySelector("script").textContent);
  try {
    await vegaEmbed(place, spec, { mode: "vega-lite", renderer: "svg", actions: false, ast: true });
  } catch (error) {
    place.textContent = "This chart could not be drawn: " + place.getAttribute("aria-label");
    console.error(error);
  }
});
Promise.all(drawings).then(() => { document.documentElement.dataset.drawn = drawings.length; });
