// Narrows the table to the rows that hold every word typed, sorts it by the column that is pressed, groups it.
const table = document.querySelector("table.index");
if (table) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const search = document.getElementById("search");
  const group = document.getElementById("group");
  const found = document.getElementById("found");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const order = new Intl.Collator("en", { numeric: true });
  const cell = (row, column) => row.cells[column].textContent;
  const heading = (words, count) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    row.className = "group";
    head.colSpan = rows[0].cells.length;
    head.scope = "rowgroup";
    head.textContent = `${words || "none"} (${count})`;
    row.append(head);
    return row;
  };
  const inGroups = (shown, column) => {
    const groups = new Map();
    shown.forEach((row) => {
      const name = cell(row, column);
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(row);
    });
    const names = [...groups.keys()].sort(order.compare);
    return names.flatMap((name) => [heading(name, groups.get(name).length), ...groups.get(name)]);
  };
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = rows.filter((row) => words.every((word) => texts.get(row).includes(word)));
    found.textContent = words.length ? shown.length + " found" : "";
    body.replaceChildren(...(group && group.value ? inGroups(shown, Number(group.value)) : shown));
  };
  search.addEventListener("input", show);
  if (group) group.addEventListener("change", show);
  table.querySelectorAll("thead button").forEach((button, column) => {
    button.addEventListener("click", () => {
      const head = button.parentElement;
      const turn = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", turn === 1 ? "ascending" : "descending");
      rows.sort((one, other) => turn * order.compare(cell(one, column), cell(other, column)));
      show();
    });
  });
}
