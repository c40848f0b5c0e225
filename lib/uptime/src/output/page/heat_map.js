// Makes a table one stop for the Tab key, in which arrows move between cells. The line below the table
// says in words what the cell shows that last had the pointer or the focus.
const moveByArrows = (map, reading) => {
const cells = [...map.querySelectorAll('[aria-label]')], rowOf = cell => cell.parentNode.rowIndex;
map.setAttribute('role', 'grid');
for (const cell of cells) cell.setAttribute('role', 'gridcell');
const makeStop = stop => { for (const cell of cells) cell.tabIndex = cell === stop ? 0 : -1; };
makeStop(cells[0]);
for (const type of ['focusin', 'pointerover']) map.addEventListener(type, ({target}) => {
    const cell = target.closest('td[aria-label]');
    if (cell) reading.textContent = cell.ariaLabel;
});
map.addEventListener('keydown', event => {
    const from = event.target, row = cells.filter(cell => rowOf(cell) === rowOf(from)), place = row.indexOf(from);
    // A nearer row goes before a nearer column.
    const away = cell => 100 * Math.abs(rowOf(cell) - rowOf(from)) + Math.abs(cell.cellIndex - from.cellIndex);
    const nearest = isCandidate => cells.filter(isCandidate).sort((a, b) => away(a) - away(b))[0];
    const targets = {
        ArrowRight: row[place + 1], ArrowLeft: row[place - 1], Home: row[0], End: row.at(-1),
        ArrowDown: nearest(cell => rowOf(cell) > rowOf(from)), ArrowUp: nearest(cell => rowOf(cell) < rowOf(from)),
    };
    if (!(event.key in targets)) return;
    event.preventDefault();
    const target = targets[event.key];
    if (target) { makeStop(target); target.focus(); }
});
};
const heatMap = document.getElementById('heat-map');
if (heatMap) moveByArrows(heatMap, document.getElementById('heat-reading'));
