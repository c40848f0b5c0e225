// Draws "All stores": searches, filters, sorts and pages the table, and opens the time of a store. All
// figures come from the data blocks, whose form `data.rs` describes. Nothing is computed here.
(() => {
'use strict';
const byId = id => document.getElementById(id);
if (!byId('stores')) return; // A report without stores has no table.
const block = id => JSON.parse(byId('data-' + id).textContent);
// These are read only when the first store opens.
const lists = {}, list = id => lists[id] ??= block(id).split(' ');
const about = block('about'), {zones} = about, ids = block('ids'), figures = block('figures').split(' ');
const ROWS = 100;
const digitOf = new Uint8Array(128);
[...about.digits].forEach((digit, value) => { digitOf[digit.charCodeAt(0)] = value; });
// Reading the data.
const number = (text, start, width) => {
    let read = 0;
    for (let at = start; at < start + width; at++) read = read * about.digits.length + digitOf[text.charCodeAt(at)];
    return read;
};
// A missing number is 0, all others are one more than they mean.
const optional = (...place) => (read => read === 0 ? null : read - 1)(number(...place));
const fields = Object.fromEntries(about.fields.map(([name, width, isOptional], place) =>
    [name, store => (isOptional ? optional : number)(figures[place], store * width, width)]));
const figure = (store, name) => fields[name](store);
const hasFlags = (store, flags) => (figure(store, 'flags') & flags) === flags;
const [isZoneAssumed, areHoursAssumed, isNewestUp, isDownAtEnd, isNeverPolled] =
    [1, 2, 4, 8, 64].map(flag => store => hasFlags(store, flag));
const zoneOf = store => zones[figure(store, 'zone')];
const TIMES = ['scheduled', 'uptime', 'downtime', 'unknown', 'downtime_least', 'downtime_most'];
// Returns the time open, up, down, not observed, the least and the most time down, in hundredths of the
// window's unit. The last hour has no least and no most.
const timesIn = (store, window) => TIMES.map(name => fields[`${name}_${window}`]?.(store));
const mainTimes = store => timesIn(store, about.times), outagesOf = store => figure(store, figureOf('outages'));
// Nothing is known of the downtime of a store that was never polled while open.
const known = (store, name) => isNeverPolled(store) && name.startsWith('downtime') ? null : figure(store, name);
const readDays = store => {
    const text = list('days')[store], days = [];
    for (let at = 0, open = 0; at < text.length;) {
        const mark = text[at++], form = mark.toLowerCase(), next = () => number(text, (at += 2) - 2, 2);
        if (form === mark && form !== 'c') open = next();
        const most = 'udx'.includes(form) ? next() : open, isDown = 'dx'.includes(form);
        const down = isDown ? next() : 0, least = isDown ? next() : 0;
        const up = form === 'x' ? next() : form === 'n' ? 0 : open - down;
        days.push(form === 'c' ? [0, 0, 0, 0, 0, 0] :
            [open, up, down, form === 'x' ? next() : open - up - down, least, most]);
    }
    return days;
};
const readOutages = store => {
    const listed = store => Math.min(outagesOf(store) ?? 0, about.mostOutages), digits = about.outageDigits;
    let first = 0;
    for (let before = 0; before < store; before++) first += listed(before);
    return Array.from({length: listed(store)}, (_, place) => {
        const read = (text, field) => ([2, 3, 8].includes(field) ? optional : number)(
            text, digits[field] * (first + place), digits[field]);
        const [start, length, since, until, down, least, most, polls, silent] = list('outages').map(read);
        return {number: place + 1, start, end: start + length, since, until, down, least, most, polls, silent};
    });
};
// Returns the polls, and the runs: what is known from when until when.
const readTape = store => {
    const polls = [], runs = [], zone = zoneOf(store);
    let hour = 0, isOther = false;
    for (const mark of list('polls')[store]) {
        const digit = digitOf[mark.charCodeAt(0)];
        if (mark === 'x') isOther = true;
        else if (mark === '=' || mark === '+') hour += mark === '+' ? 1 : -1;
        else if (digit >= 60) hour += digit - 58;
        else {
            polls.push({at: 60 * hour++ + digit, isOther});
            isOther = false;
        }
    }
    const text = list('changes')[store];
    for (let place = 0, at = 0, lastChange = 0, poll = 0; place < text.length; place++) {
        if (text[place] === '-') {
            at = lastChange += number(text, place + 1, 2);
            place += 2;
        } else if ('cnuUdD'.includes(text[place])) {
            if (runs.length) runs.at(-1).end = at;
            runs.push({start: at, end: zone.time[1], known: text[place]});
        } else {
            poll += text[place] === '+' ? 79 : digitOf[text.charCodeAt(place)];
            at = polls[poll]?.at;
        }
    }
    let elsewhere = true;
    for (const poll of polls) {
        const known = runs.findLast(run => run.start <= poll.at)?.known ?? 'n', isOpen = 'uUdD'.includes(known);
        poll.isUp = (isOpen ? 'uU'.includes(known) : elsewhere) !== poll.isOther;
        if (!isOpen) elsewhere = poll.isUp;
        [poll.counts, poll.when] = [isOpen, moment(zone, poll.at)];
        poll.place = isOpen ? 'open' : known === 'c' ? 'closed, does not count' : `outside the ${about.time}`;
    }
    return {polls, runs};
};
// Words and numbers.
const decimal = new Intl.NumberFormat('en', {minimumFractionDigits: 1, maximumFractionDigits: 1});
const one = tenths => decimal.format(tenths / 10), tenths = hundredths => one(Math.round(hundredths / 10));
const whole = hundredths => String(Math.round(hundredths / 100));
// Returns a figure as the page shows it: per cent with two decimals, hours with one.
const shownFigure = (store, name) => {
    const value = known(store, name);
    return value === null ? '–' : name.endsWith('percent') ? (value / 100).toFixed(2) :
        name.endsWith('tenths_of_hours') ? one(value) : name.endsWith('hours') ? tenths(value) : String(value);
};
const dateText = minute => new Date((about.origin + minute) * 60000).toUTCString();
const moment = (zone, minute) => {
    const [, offset] = zone.offsets.findLast(([from]) => from <= minute);
    const [weekday, day, month, , time] = dateText(minute + offset).split(/,? /);
    return `${weekday} ${Number(day)} ${month} ${time.slice(0, 5)}`;
};
const clockText = minutes => `${Math.floor(minutes / 60 + 1e-6)}:${String(Math.round(minutes) % 60).padStart(2, '0')}`;
// Making elements. Text from data is only ever set as text.
const SVG = new Set('svg g rect line circle text title tspan use clipPath'.split(' '));
const make = (tag, attributes = {}, ...children) => {
    const element = document.createElementNS(`http://www.w3.org/${SVG.has(tag) ? '2000/svg' : '1999/xhtml'}`, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.filter(child => child !== null));
    return element;
};
// How each kind of stretch is drawn. The last three are hatched.
const LOOKS = {c: 'closed', U: 'up', D: 'down', n: 'dots', u: 'hatch-up', d: 'hatch-down'};
let clips = 0;
// Draws parts of an axis: solid ones as they are, the hatched ones of a kind through one clip.
const drawParts = (svg, parts, middle, downHeight, upHeight) => {
    for (const [known, look] of Object.entries(LOOKS)) {
        const height = {c: 1, d: downHeight, D: downHeight}[known] ?? upHeight, y = middle - height / 2;
        const rects = parts.filter(part => part.known === known && part.from < part.to)
            .map(({from, to}) => make('rect', {class: look, x: from + '%', width: to - from + '%', y, height}));
        if ('cUD'.includes(known)) svg.append(...rects);
        else if (rects.length) {
            const id = `clip-${clips += 1}`, ground = {class: 'under-' + look, width: '100%', height: '100%'};
            svg.append(make('clipPath', {id}, ...rects), make('g', {'clip-path': `url("#${id}")`},
                make('rect', ground), make('use', {href: '#' + look})));
        }
    }
};
// The table.
const section = byId('all-stores'), body = section.querySelector('tbody'), count = byId('stores-count');
const search = byId('stores-search'), choice = byId('stores-sort'), pager = byId('stores-pages');
const filters = [...section.querySelectorAll('[name=show]')], columns = [...byId('stores').tHead.rows[0].cells];
const headOf = Object.fromEntries(columns.map(head => [head.dataset.column, head])), none = byId('stores-none');
const figureOf = column => headOf[column].dataset.figure;
const elsewhere = byId('stores-left-out') ? ' stores.csv has all stores.' : '';
let sortedBy, isDescending, order = [], shown = [], page = 0, opened = null;

const assumed = isAssumed => isAssumed ? make('i', {}, 'assumed ') : null;
const addressOf = store => '#store=' + encodeURIComponent(ids[store]);
const linkOf = store => make('a', {href: addressOf(store), 'aria-expanded': store === opened?.store},
    make('bdi', {}, ids[store]));
const forget = () => { opened = null; history.replaceState(null, '', location.href.replace(/#.*/, '#all-stores')); };
// Draws times on an axis from 0 to `whole`. The time that is closed ends at `end`.
const rangeBar = ([open, , down, unknown, least, most], whole, end = 0) => {
    const svg = make('svg', {class: 'bar', height: 24, 'aria-hidden': 'true'});
    const bounds = [0, least, down, down + unknown, most, open, end].map(bound => 100 * bound / whole);
    const parts = [...'DdnuUc'].map((known, place) => ({from: bounds[place], to: bounds[place + 1], known}));
    drawParts(svg, parts, 12, 12, 6);
    if (open > 0) svg.append(make('rect', {class: 'tick', x: bounds[2] + '%', width: 2, height: 24}));
    return svg;
};
const newestText = store => {
    const at = figure(store, 'newest_poll_at'), age = fields.newest_poll_age_minutes?.(store);
    const words = age === undefined ? moment(zoneOf(store), at).slice(4) : age < 120 ? `${age} min old` :
        age < 2880 ? `${Math.floor(age / 60)} h old` : `${Math.floor(age / 1440)} d old`;
    return at === null ? ['–'] : [isNewestUp(store) ? 'up' : make('b', {}, 'down'), ', ' + words];
};
const rowOf = store => {
    const hours = column => shownFigure(store, figureOf(column));
    // All other cells have the figure of their column.
    const cells = {
        store: [linkOf(store)], zone: [assumed(isZoneAssumed(store)), zoneOf(store).city],
        open: [assumed(areHoursAssumed(store)), hours('open')], down: [make('b', {}, hours('down'))],
        range: [rangeBar(mainTimes(store), 100 * about.mostHours)], newest: newestText(store)};
    return make('tr', {'data-store': store, class: isNeverPolled(store) ? 'never' : ''}, ...columns.map(
        ({className, dataset: {column, figure}}) => make(column === 'store' ? 'th' : 'td', {class: className,
            ...column === 'store' && {scope: 'row'}}, ...cells[column] ?? [shownFigure(store, figure)])));
};
const draw = () => {
    const pages = Math.max(1, Math.ceil(shown.length / ROWS)), first = page * ROWS;
    const rows = shown.slice(first, first + ROWS);
    if (opened && !rows.includes(opened.store)) forget();
    body.replaceChildren(...rows.map(rowOf));
    if (opened) body.children[rows.indexOf(opened.store)].after(opened.week);
    const thousands = number => number.toLocaleString('en'), text = search.value.trim();
    const direction = isDescending ? 'descending' : 'ascending', last = thousands(first + rows.length);
    count.textContent = !rows.length ? 'No store' :
        `${thousands(first + 1)} to ${last} of ${thousands(shown.length)}, ${headOf[sortedBy].dataset[direction]}`;
    none.hidden = rows.length > 0;
    none.firstChild.textContent = text ? `No store matches ‘${text}’.${elsewhere} ` : 'No store is like that. ';
    for (const head of columns) head.ariaSort = head === headOf[sortedBy] ? direction : null;
    choice.value = sortedBy;
    const [previous, here, next] = pager.children;
    here.textContent = `Page ${page + 1} of ${pages}`;
    [previous.disabled, next.disabled, pager.hidden] = [page === 0, page === pages - 1, pages === 1];
};
const turn = by => { page += by; draw(); section.scrollIntoView(); pager.children[1].focus(); };
const select = () => {
    const text = search.value.trim().toLowerCase(), flags = Number(filters.find(input => input.checked).dataset.flags);
    const matches = words => words.toLowerCase().includes(text);
    const inZone = zones.map(zone => matches(zone.city) || matches(zone.name));
    shown = order.filter(store => hasFlags(store, flags) && (matches(ids[store]) || inZone[figure(store, 'zone')]));
    page = 0;
    draw();
};
const sortBy = (name, descending = headOf[name].dataset.first === 'descending') => {
    [sortedBy, isDescending] = [name, descending];
    // The ids are in their order already, and the zones are in the order of their cities.
    const key = store => name === 'store' ? store : known(store, figureOf(name));
    const keys = Float64Array.from(ids, (_, store) => key(store) ?? NaN), sign = isDescending ? -1 : 1;
    // Stores without a figure come last in both directions. Equal keys stay in the order of the ids.
    order = [...ids.keys()].sort((a, b) => isNaN(keys[a]) - isNaN(keys[b]) || sign * (keys[a] - keys[b]) || a - b);
    select();
};
const showAll = () => { search.value = ''; filters[0].checked = true; select(); };

// The time of a store. A stretch is drawn evenly; a day has several where clocks change.
const share = minutes => minutes / 14.4;
const placeIn = ([start, , clock, width], minute) => share(clock + (minute - start) * width);
const partsOf = (spans, stretches) => spans.flatMap(span => stretches.flatMap(stretch => {
    const start = Math.max(span.start, stretch[0]), end = Math.min(span.end, stretch[1]);
    return start < end ? [{...span, from: placeIn(stretch, start), to: placeIn(stretch, end)}] : [];
}));
const label = (x, name, text, more = {}, ...children) =>
    make('text', {x: x + '%', y: 20, class: name, ...more}, text, ...children);
// What is written on the widest stretch of a kind, if it is this many hours wide.
const WORDS = [['c', 3, 'closed', 'middle halo'], ['U', 2, 'up', 'middle'], ['n', 5, 'not observed', 'middle halo']];
const drawDay = (zone, stretches, {polls, runs}, outages) => {
    const svg = make('svg', {class: 'bar day', height: 56, 'aria-hidden': 'true'}), parts = partsOf(runs, stretches);
    const line = (x, name) => svg.append(make('line', {class: name, x1: x + '%', x2: x + '%', y1: 0, y2: 56}));
    for (let hour = 0; hour <= 24; hour += 3) line(share(60 * hour), 'grid');
    for (const {from, to} of partsOf(about.silences.map(([start, end]) => ({start, end})), stretches)) {
        svg.append(make('rect', {class: 'silent', x: from + '%', width: to - from + '%', y: 37, height: 14}));
        if (to - from >= share(180)) svg.append(label((from + to) / 2, 'muted middle', 'no polls', {y: 48}));
    }
    drawParts(svg, parts, 16, 28, 14);
    for (const [known, hours, words, name] of WORDS) {
        const [{from, to} = {}] = parts.filter(it => it.known === known).sort((a, b) => b.to - b.from - a.to + a.from);
        if (to - from >= share(60 * hours)) svg.append(label((from + to) / 2, name, words));
    }
    for (const {number, start, end} of outages) {
        const isInside = part => 'dD'.includes(part.known) && start < part.end && part.start < end;
        const [first, ...others] = parts.filter(isInside);
        if (!first) continue;
        const to = others.reduce((to, part) => part.from - to < 0.01 ? part.to : to, first.to);
        const hours = (to - first.from) * 0.24, [name, dx] = hours < 0.8 ? ['chip before', -5] : ['chip', 5];
        svg.append(label(first.from, name, String(number), {dx, 'data-outage': number},
            hours < 1.9 ? null : make('tspan', {}, ' down')));
    }
    for (const stretch of stretches) {
        const [start, end, clock] = stretch;
        const edges = [[start, zone.time[0], 'starts', 'muted before', -6], [end, zone.time[1], 'ends', 'muted', 6]];
        for (const [minute, edge, words, name, dx] of edges) {
            const x = placeIn(stretch, minute), room = minute === start ? x : 100 - x;
            if (x > 0 && x < 99.9) line(x, minute === edge ? 'edge' : 'change');
            const text = `the ${about.time} ${words} at ${clockText(x * 14.4)}`;
            if (minute === edge && room > 40) svg.append(label(x, name, text, {dx}));
        }
        for (const poll of polls.filter(({at}) => start <= at && at < end)) {
            const name = 'poll' + (poll.isUp ? '' : ' hollow') + (poll.counts ? '' : ' uncounted');
            const cx = placeIn(stretch, poll.at) + '%', r = poll.counts ? 3 : 1.5;
            const title = make('title', {}, `${poll.when}, ${poll.isUp ? 'up' : 'down'} (${poll.place})`);
            svg.append(make('circle', {class: name, cx, cy: 44, r}, title));
        }
    }
    return svg;
};
const sumOf = ([open, up, down, unknown], show, unit, ...ending) => {
    if (open === 0) return ['closed'];
    if (unknown === open) return [`${show(open)} ${unit} open: not observed`];
    const rest = parseFloat(show(unknown)) ? `, ${show(unknown)} not observed` : '';
    return [make('b', {}, `${show(open)} ${unit} open:`), ` ${show(up)} up, ${show(down)} down${rest}`, ...ending];
};
const hoursSum = (times, show) => sumOf(times, show, 'h', ' ',
    make('span', {class: 'muted'}, `(at least ${show(times[4])}, at most ${show(times[5])})`));
const outageRows = (store, outages, newest, heads) => {
    const zone = zoneOf(store), at = minute => moment(zone, minute);
    return outages.map(({number, start, end, since, until, down, least, most, polls, silent}) => {
        const isLast = isDownAtEnd(store) ? make('b', {}, 'down at the end') : 'last seen down ' + at(newest);
        const isEarly = start < zone.time[0] && ` (began before the ${about.time})`;
        const from = [since === null && 'before ', at(start), isEarly];
        const values = [make('span', {class: 'chip'}, String(number)), from.filter(Boolean).join(''),
            until === null ? isLast : at(end), make('b', {}, one(down)), one(least), one(most), String(polls),
            since === null ? '–' : at(start - since), until === null ? '–' : at(end + until),
            silent ? one(silent) : '–'];
        return make('tr', {'data-outage': number}, ...values.map((value, place) =>
            make('td', {class: heads[place].className, 'data-label': heads[place].textContent}, value)));
    });
};
// Draws each date of a short time, and lists the polls.
const fillDays = (made, store, outages, sums) => {
    const zone = zoneOf(store), tape = readTape(store), text = made.querySelector('.polls');
    made.querySelector('.totals').before(...zone.days.map(([date, change, ...stretches], place) =>
        make('div', {class: 'date'},
            make('div', {}, make('b', {}, date.slice(0, 3)), date.slice(3), make('span', {class: 'muted'}, change)),
            drawDay(zone, stretches, tape, outages), make('div', {class: 'sums'}, ...hoursSum(sums[place], one)))));
    text.textContent = tape.polls.map(({at, isUp, place, when}) => `${when}  ${dateText(at).slice(5, 22)} UTC  ${
        isUp ? 'up  ' : 'down'}  ${place}`).join('\n') || 'No polls.';
    made.querySelector('.show').onclick = ({target}) => {
        target.ariaExpanded = String(!(text.hidden = !text.hidden));
    };
};
// Draws the dates of a long time as a calendar. Each date has its sum, in tenths of hours.
const fillCalendar = (made, zone, sums) => {
    const calendar = made.querySelector('.calendar'), rows = calendar.tBodies[0].rows;
    const weekdays = [...calendar.tHead.rows[0].cells].map(head => head.textContent);
    for (const [nth, [place, change]] of zone.days.entries()) {
        const date = about.dates[place], weekday = weekdays.indexOf(date.slice(0, 3));
        const sum = sums[nth], [open, , down, unknown] = sum;
        if (nth === 0 || weekday === 0) calendar.tBodies[0].append(make('tr', {}, ...weekdays.map(() => make('td'))));
        const words = open === 0 ? 'closed' : unknown === open ? 'not observed' : down > 0 ? 'h down' : 'up';
        const text = make('span', {}, ...hoursSum(sum, one), change && `; ${change}`).textContent;
        rows[rows.length - 1].cells[weekday].replaceWith(make('td', {'aria-label': `${date}: ${text}`},
            make('span', {}, date.slice(4)), rangeBar(sum, 240, 240), down > 0 ? make('b', {}, one(down)) : null,
            make('span', {class: 'muted words'}, words)));
    }
    moveByArrows(calendar, made.querySelector('.reading'));
};
// Fills a copy of the template that `week.rs` writes.
const timeOf = store => {
    const made = byId('week').content.firstElementChild.cloneNode(true);
    const part = name => made.querySelector('.' + name), fill = (name, ...content) => part(name).append(...content);
    const zone = zoneOf(store), outages = readOutages(store), sums = readDays(store);
    const newest = figure(store, 'newest_poll_at');
    fill('id', ids[store]);
    fill('about', `${zone.city} time${isZoneAssumed(store) ? ' (assumed)' : ''}, `,
        `${about.hours[figure(store, 'hours')]}; newest poll `,
        newest === null ? 'in opening hours: none' : `${moment(zone, newest)}, ${isNewestUp(store) ? 'up' : 'down'}`);
    if (about.isLong) fillCalendar(made, zone, sums);
    else fillDays(made, store, outages, sums);
    for (const slot of made.querySelectorAll('[data-times]')) {
        const times = timesIn(store, slot.dataset.times), isHour = slot.dataset.times === 'last_hour_minutes';
        slot.append(...!isHour ? hoursSum(times, tenths) : times[0] === 0 ? ['Nothing open in the last hour'] :
            sumOf(times, whole, 'min', '; newest poll ', ...newestText(store)));
    }
    for (const slot of made.querySelectorAll('[data-figure]')) slot.append(shownFigure(store, slot.dataset.figure));
    const [start, end] = zone.time, isOpen = mainTimes(store)[0] > 0;
    const kind = start === end ? 'no-time' : !isOpen ? 'closed' :
        {null: 'never', 0: 'none', 1: 'one'}[outagesOf(store)] ?? 'several';
    for (const words of made.querySelectorAll('.sentence')) words.hidden = words.dataset.kind !== kind;
    part('sum').before(...outageRows(store, outages, newest, part('outage-table').rows[0].cells));
    part('outages').hidden = !outages.length;
    part('left-out').hidden = outagesOf(store) <= about.mostOutages;
    part('copy').onclick = () => navigator.clipboard.writeText(location.href)
        .then(() => location.search ? 'Copied. This link works for some minutes only.' : 'Copied', () => location.href).then(words => { part('status').textContent = words; });
    part('close').onclick = close;
    return made;
};

// Opening and closing.
const focusRow = store => {
    const row = body.querySelector(`[data-store="${store}"]`), {top} = row.getBoundingClientRect();
    row.querySelector('a').focus({preventScroll: true});
    if (top < 0 || top > innerHeight - 100) row.scrollIntoView();
};
const close = () => {
    const store = opened?.store;
    if (opened) { forget(); draw(); focusRow(store); }
};
// Opens the store that the address names, and closes any other.
const follow = () => {
    const id = new URLSearchParams(location.hash.slice(1)).get('store'), store = ids.indexOf(id), before = opened;
    opened = null;
    if (store >= 0) {
        if (!shown.includes(store)) showAll();
        page = Math.floor(shown.indexOf(store) / ROWS);
        opened = {store, week: make('tr', {class: 'week-row'}, make('td', {colspan: 11}, timeOf(store)))};
    }
    if (opened || before) draw();
    if (opened) focusRow(store);
    else if (id !== null) { count.textContent = `No store ‘${id}’ in this page.${elsewhere}`; count.focus(); }
};
for (const [type, isLit] of [['mouseover', true], ['mouseout', false]]) body.addEventListener(type, event => {
    const outage = event.target.closest('[data-outage]')?.dataset.outage;
    for (const same of body.querySelectorAll(`[data-outage="${outage}"]`)) same.classList.toggle('lit', isLit);
});
addEventListener('click', event => {
    const [row, own] = ['[data-store]', 'a'].map(name => event.target.closest(name));
    const link = own ?? row?.querySelector('a');
    // Marking text in a row does not open it.
    if (!link?.hash.startsWith('#store=') || !own && !getSelection().isCollapsed) return;
    if (row && Number(row.dataset.store) === opened?.store) { event.preventDefault(); close(); }
    else if (link.hash === location.hash) follow();
    else if (!own) location.hash = link.hash;
});
search.onkeydown = ({key}) => { if (key === 'Enter' && shown.length === 1) location.hash = addressOf(shown[0]); };
section.addEventListener('keydown', event => { if (event.key === 'Escape') close(); });
for (const head of columns) head.querySelector('button')?.addEventListener('click', () =>
    sortBy(head.dataset.column, head === headOf[sortedBy] ? !isDescending : undefined));
choice.addEventListener('change', () => sortBy(choice.value));
for (const control of [search, ...filters]) control.addEventListener('input', select);
addEventListener('hashchange', follow);
[pager.firstChild.onclick, pager.lastChild.onclick] = [() => turn(-1), () => turn(1)];
none.querySelector('button').onclick = () => { showAll(); search.focus(); };
byId('stores-controls').hidden = false;
sortBy('down');
follow();
})();
