// The heat map has one stop for the Tab key; arrows move between its cells. The line below the map
// says in words what the cell shows that last had the pointer or the focus.
(() => {
  const map = document.getElementById("heat-map");
  if (!map) return;
  const rows = [...map.tBodies[0].rows].map((row) => [...row.cells].filter((cell) => cell.hasAttribute("aria-label")));
  const cells = rows.flat();
  const reading = document.getElementById("heat-reading");
  const read = (event) => {
    const cell = event.target.closest("[aria-label]");
    if (cell && cell !== map) reading.textContent = cell.getAttribute("aria-label");
  };
  const columnOf = (cell) => cell.cellIndex;
  const nearest = (row, column) =>
    row.reduce((best, cell) => (Math.abs(columnOf(cell) - column) < Math.abs(columnOf(best) - column) ? cell : best));
  const focus = (cell) => {
    for (const other of cells) other.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  };
  map.setAttribute("role", "grid");
  for (const cell of cells) {
    cell.tabIndex = -1;
    cell.setAttribute("role", "gridcell");
  }
  cells[0].tabIndex = 0;
  map.addEventListener("focusin", read);
  map.addEventListener("pointerover", read);
  map.addEventListener("keydown", (event) => {
    const y = rows.findIndex((row) => row.includes(event.target));
    if (y < 0) return;
    const row = rows[y], x = row.indexOf(event.target);
    const filled = (from, step) => {
      for (let at = from + step; rows[at]; at += step) if (rows[at].length) return rows[at];
      return row;
    };
    const next = {
      ArrowRight: () => row[x + 1],
      ArrowLeft: () => row[x - 1],
      ArrowDown: () => nearest(filled(y, 1), columnOf(event.target)),
      ArrowUp: () => nearest(filled(y, -1), columnOf(event.target)),
      Home: () => row[0],
      End: () => row[row.length - 1],
    }[event.key];
    if (!next) return;
    event.preventDefault();
    const cell = next();
    if (cell) focus(cell);
  });
})();
