// Draws "All stores": searches, filters, sorts and pages the table, and opens the week of a store. All
// figures come from the data blocks, whose form `data.rs` describes. Nothing is computed here.
(() => {
'use strict';
const byId = id => document.getElementById(id);
// A report without stores has no table.
if (!byId('stores')) return;
const block = id => JSON.parse(byId('data-' + id).textContent);
// The weeks are read only when the first store opens.
const lists = {}, list = id => lists[id] ??= block(id).split(' ');
const about = block('about'), ids = block('ids'), figures = block('figures').split(' '), [weekStart, weekEnd] = about.week;
const digitOf = new Uint8Array(128);
[...about.digits].forEach((digit, value) => { digitOf[digit.charCodeAt(0)] = value; });
const fields = Object.fromEntries(about.fields.map(([name, width, isOptional], place) => [name, {text: figures[place], width, isOptional}]));
const zones = about.zones.map(([name, city, offsets, days]) => ({name, city, offsets, days}));
const ROWS = 100;

// Reading the data.
const number = (text, start, width) => {
    let read = 0;
    for (let at = start; at < start + width; at++) read = read * about.digits.length + digitOf[text.charCodeAt(at)];
    return read;
};
// A missing number is 0, all others are one more than they mean.
const optional = (...place) => (read => read === 0 ? null : read - 1)(number(...place));
const figure = (store, name) => {
    const {text, width, isOptional} = fields[name];
    return (isOptional ? optional : number)(text, store * width, width);
};
const [isZoneGiven, areHoursGiven, isNewestUp, isDownAtEnd] = [1, 2, 4, 8].map(bit => store => (figure(store, 'flags') & bit) !== 0);
const zoneOf = store => zones[figure(store, 'zone')];
const week = (store, name) => figure(store, name.replace('*', 'last_week'));

const readDays = store => {
    const text = list('days')[store], days = [], counts = {c: 0, n: 1, u: 2, d: 4, x: 6};
    for (let at = 0; at < text.length; at += 1 + 2 * counts[text[at]]) {
        const form = text[at], [open = 0, ...read] = Array.from({length: counts[form]}, (_, place) => number(text, at + 1 + 2 * place, 2));
        const [down, least, most, up = open - down, unknown = 0] = {c: [0, 0, 0], n: [0, 0, open, 0, open], u: [0, 0, ...read]}[form] ?? read;
        days.push({open, up, down, least, most, unknown});
    }
    return days;
};
const readOutages = store => {
    let first = 0;
    for (let before = 0; before < store; before++) first += week(before, 'outages_*') ?? 0;
    return Array.from({length: week(store, 'outages_*') ?? 0}, (_, place) => {
        const [start, length, since, until, down, least, most, polls, silent] =
            list('outages').map((text, field) => ([2, 3, 8].includes(field) ? optional : number)(text, 3 * (first + place), 3));
        return {number: place + 1, start, end: start + length, upBefore: since === null ? null : start - since,
            upAfter: until === null ? null : start + length + until, down, least, most, polls, silent};
    });
};
// Returns the polls, and the runs of the week: what is known from when until when.
const readTape = store => {
    const polls = [], runs = [];
    let hour = 0, isOther = false;
    for (const mark of list('polls')[store]) {
        const digit = digitOf[mark.charCodeAt(0)];
        if (mark === 'x') isOther = true;
        else if (mark === '=') hour -= 1;
        else if (mark === '+') hour += 1;
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
            runs.push({start: at, end: weekEnd, known: text[place]});
        } else {
            poll += text[place] === '+' ? 79 : digitOf[text.charCodeAt(place)];
            at = polls[poll]?.at;
        }
    }
    let elsewhere = true;
    for (const poll of polls) {
        const known = runs.findLast(run => run.start <= poll.at)?.known, isOpen = 'uUdD'.includes(known ?? 'n');
        poll.isUp = (isOpen ? 'uU'.includes(known) : elsewhere) !== poll.isOther;
        if (!isOpen) elsewhere = poll.isUp;
        poll.place = isOpen ? 'open' : known === 'c' ? 'closed, does not count' : 'outside the week';
    }
    return {polls, runs};
};

// Words and numbers.
const tenths = hundredths => one(Math.round(hundredths / 10));
const one = value => (value / 10).toFixed(1);
const whole = hundredths => String(Math.round(hundredths / 100));
const percent = hundredths => hundredths === null ? '–' : (hundredths / 100).toFixed(2);
const offsetAt = (zone, minute) => {
    let [offset] = zone.offsets;
    for (let at = 1; at < zone.offsets.length; at += 2) if (minute >= zone.offsets[at]) offset = zone.offsets[at + 1];
    return offset;
};
const dateText = minute => new Date((about.origin + minute) * 60000).toUTCString();
const moment = (zone, minute) => {
    const text = dateText(minute + offsetAt(zone, minute));
    return `${text.slice(0, 3)} ${Number(text.slice(5, 7))} ${text.slice(8, 11)} ${text.slice(17, 22)}`;
};
const clockText = minutes => `${Math.floor(minutes / 60 + 1e-6)}:${String(Math.round(minutes) % 60).padStart(2, '0')}`;
const age = minutes => minutes < 120 ? `${minutes} min old` : minutes < 2880 ? `${Math.floor(minutes / 60)} h old` :
    `${Math.floor(minutes / 1440)} d old`;

// Making elements. Text from data is only ever set as text.
const SVG = new Set('svg g rect line circle text tspan use clipPath'.split(' '));
const make = (tag, attributes = {}, ...children) => {
    const element = document.createElementNS(`http://www.w3.org/${SVG.has(tag) ? '2000/svg' : '1999/xhtml'}`, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.filter(child => child !== null));
    return element;
};
const button = (text, onclick) => Object.assign(make('button', {type: 'button'}, text), {onclick});
const HATCHES = {n: 'dots', u: 'hatch-up', d: 'hatch-down'}, SOLID = {c: 'closed', U: 'up', D: 'down'};
let clips = 0;
// Draws parts of an axis: solid ones as they are, the hatched ones of a kind through one clip.
const drawParts = (svg, parts, middle, downHeight, upHeight) => {
    const clipped = {};
    for (const {from, to, known} of parts) {
        if (to <= from) continue;
        const height = known === 'c' ? 1 : known === 'd' || known === 'D' ? downHeight : upHeight;
        const part = make('rect', {x: from + '%', width: to - from + '%', y: middle - height / 2, height});
        if (known in SOLID) {
            part.setAttribute('class', SOLID[known]);
            svg.append(part);
        } else (clipped[known] ??= []).push(part);
    }
    for (const [known, rects] of Object.entries(clipped)) {
        const id = `clip-${clips += 1}`, hatch = HATCHES[known];
        svg.append(make('clipPath', {id}, ...rects), make('g', {'clip-path': `url("#${id}")`},
            make('rect', {class: 'under-' + hatch, width: '100%', height: '100%'}), make('use', {href: '#' + hatch})));
    }
};

// The table.
const column = (name, missing = -1) => store => week(store, name) ?? missing;
const zoneRanks = new Map([...zones].sort((a, b) => a.city < b.city ? -1 : 1).map((zone, rank) => [zone, rank]));
// Each column's order, whether it starts with the greatest, and the words for both directions.
const COLUMNS = {
    store: [store => store, false, 'by store id', 'by store id, backwards'],
    zone: [store => zoneRanks.get(zoneOf(store)), false, 'by time zone', 'by time zone, backwards'],
    open: [column('scheduled_*_hours'), true, 'least open time first', 'most open time first'],
    up: [column('uptime_*_percent'), false, 'lowest uptime first', 'highest uptime first'],
    down: [column('downtime_*_hours'), true, 'least downtime first', 'most downtime first'],
    least: [column('downtime_least_*_hours'), true, 'lowest “at least” first', 'highest “at least” first'],
    most: [column('downtime_most_*_hours'), true, 'lowest “at most” first', 'highest “at most” first'],
    outages: [column('outages_*'), true, 'fewest outages first', 'most outages first'],
    longest: [column('longest_outage_tenths_of_hours'), true, 'shortest outage first', 'longest outage first'],
    newest: [column('newest_poll_age_minutes', Infinity), false, 'newest poll first', 'oldest newest poll first'],
};
const FILTERS = {
    all: () => true,
    outage: store => week(store, 'outages_*') > 0,
    end: isDownAtEnd,
    never: store => week(store, 'outages_*') === null,
    coverage: store => (week(store, 'coverage_*_percent') ?? 10000) < about.low_coverage,
    hours: store => !areHoursGiven(store), zone: store => !isZoneGiven(store),
};
const section = byId('all-stores'), body = section.querySelector('tbody'), count = byId('stores-count');
const search = byId('stores-search'), choice = byId('stores-sort'), pager = byId('stores-pages');
const filters = [...section.querySelectorAll('[name=show]')], heads = [...section.querySelectorAll('th[data-sort]')];
let sortedBy = 'down', isDescending = true, order = [], shown = [], page = 0, opened = null;

const sort = () => {
    const [key] = COLUMNS[sortedBy], keys = Float64Array.from(ids, (_, store) => key(store)), sign = isDescending ? -1 : 1;
    // Equal keys stay in the order of the ids.
    order = Array.from(ids, (_, store) => store).sort((a, b) => keys[a] === keys[b] ? a - b : keys[a] < keys[b] ? -sign : sign);
};
const select = () => {
    const text = search.value.trim().toLowerCase(), filter = FILTERS[filters.find(input => input.checked).value];
    const inZone = zones.map(zone => zone.city.toLowerCase().includes(text) || zone.name.toLowerCase().includes(text));
    shown = order.filter(store => filter(store) && (ids[store].toLowerCase().includes(text) || inZone[figure(store, 'zone')]));
};
const assumed = isGiven => isGiven ? null : make('i', {}, 'assumed ');
const linkOf = store => make('a', {href: '#store=' + encodeURIComponent(ids[store]), 'aria-expanded': 'false'}, make('bdi', {}, ids[store]));
const rangeBar = store => {
    const svg = make('svg', {class: 'bar', height: 24, 'aria-hidden': 'true'});
    // Hundredths of hours on an axis of 168 hours are per cent.
    const [least, down, unknown, most, open] = ['downtime_least', 'downtime', 'unknown', 'downtime_most', 'scheduled']
        .map(name => week(store, name + '_*_hours') / 168);
    const bounds = [0, least, down, down + unknown, most, open];
    drawParts(svg, [...'DdnuU'].map((known, place) => ({from: bounds[place], to: bounds[place + 1], known})), 12, 12, 6);
    if (open > 0) svg.append(make('rect', {class: 'tick', x: down + '%', width: 2, height: 24}));
    return svg;
};
const newestText = store => {
    const minutes = figure(store, 'newest_poll_age_minutes');
    return minutes === null ? ['–'] : [isNewestUp(store) ? 'up' : make('b', {}, 'down'), ', ' + age(minutes)];
};
const rowOf = store => {
    const cell = (name, ...content) => make('td', {class: name}, ...content);
    const hours = name => tenths(week(store, name)), longest = figure(store, 'longest_outage_tenths_of_hours');
    return make('tr', {'data-store': store}, make('th', {class: 'store', scope: 'row'}, linkOf(store)),
        cell('zone', assumed(isZoneGiven(store)), zoneOf(store).city),
        cell('open number', assumed(areHoursGiven(store)), hours('scheduled_*_hours')),
        cell('up-share number', percent(week(store, 'uptime_*_percent'))),
        cell('downtime number', make('b', {}, hours('downtime_*_hours'))), cell('least number', hours('downtime_least_*_hours')),
        cell('most number', hours('downtime_most_*_hours')), cell('range', rangeBar(store)),
        cell('outages number', String(week(store, 'outages_*') ?? '–')),
        cell('longest number', longest ? one(longest) : '–'), cell('newest', ...newestText(store)));
};
const draw = () => {
    const pages = Math.max(1, Math.ceil(shown.length / ROWS)), first = page * ROWS;
    body.replaceChildren(...shown.slice(first, first + ROWS).map(rowOf));
    opened = null;
    const [, , ascending, descending] = COLUMNS[sortedBy];
    const thousands = number => number.toLocaleString('en'), text = search.value.trim();
    count.textContent = shown.length === 0 ? 'No store' : `${thousands(first + 1)} to ${thousands(Math.min(first + ROWS, shown.length))} of ${
        thousands(shown.length)}, ${isDescending ? descending : ascending}`;
    if (!shown.length) body.append(make('tr', {}, make('td', {colspan: 11}, `No store ${text ? `matches ‘${text}’` : 'is like that'}. `,
        button(`Show all ${thousands(ids.length)}`, () => { showAll(); search.focus(); }))));
    for (const head of heads) head.ariaSort = head.dataset.sort !== sortedBy ? null : isDescending ? 'descending' : 'ascending';
    choice.value = sortedBy;
    const turnTo = to => { page = to; draw(); section.scrollIntoView(); pager.querySelector('b').focus(); };
    const turn = (text, to) => Object.assign(button(text, () => turnTo(to)), {disabled: to < 0 || to >= pages});
    pager.replaceChildren(turn('Previous', page - 1), make('b', {tabindex: -1}, `Page ${page + 1} of ${pages}`), turn('Next', page + 1));
    pager.hidden = pages === 1;
};
const update = () => { page = 0; select(); draw(); };
const sortBy = (name, descending) => { sortedBy = name; isDescending = descending; sort(); update(); };
const showAll = () => { search.value = ''; filters[0].checked = true; update(); };

// The week of a store. A stretch is drawn evenly; a day has several where clocks change.
const share = minutes => minutes / 14.4;
const placeIn = ([start, , clock, width], minute) => share(clock + (minute - start) * width);
const partsOf = (spans, stretches) => spans.flatMap(span => stretches.flatMap(stretch => {
    const start = Math.max(span.start, stretch[0]), end = Math.min(span.end, stretch[1]);
    return start < end ? [{...span, from: placeIn(stretch, start), to: placeIn(stretch, end)}] : [];
}));
const label = (x, y, name, text, more = {}, ...children) => make('text', {x: x + '%', y, class: name, ...more}, text, ...children);
const drawDay = (stretches, {polls, runs}, outages) => {
    const svg = make('svg', {class: 'bar day', height: 56, 'aria-hidden': 'true'}), parts = partsOf(runs, stretches);
    const line = (x, name) => svg.append(make('line', {class: name, x1: x + '%', x2: x + '%', y1: 0, y2: 56}));
    for (let hour = 0; hour <= 24; hour += 3) line(share(60 * hour), 'grid');
    for (const {from, to} of partsOf(about.silences.map(([start, end]) => ({start, end})), stretches)) {
        svg.append(make('rect', {class: 'silent', x: from + '%', width: to - from + '%', y: 37, height: 14}));
        if (to - from >= share(180)) svg.append(label((from + to) / 2, 48, 'muted middle', 'no polls'));
    }
    drawParts(svg, parts, 16, 28, 14);
    for (const [known, hours, words, name] of [['c', 3, 'closed', 'halo'], ['U', 2, 'up', 'inside'], ['n', 5, 'not observed', 'halo']]) {
        const [widest] = parts.filter(part => part.known === known).sort((a, b) => (b.to - b.from) - (a.to - a.from));
        if (widest?.to - widest?.from >= share(60 * hours)) svg.append(label((widest.from + widest.to) / 2, 20, 'middle ' + name, words));
    }
    for (const {number, start, end} of outages) {
        const [first, ...others] = parts.filter(part => 'dD'.includes(part.known) && start < part.end && part.start < end);
        if (!first) continue;
        const to = others.reduce((to, part) => part.from - to < 0.01 ? part.to : to, first.to), hours = (to - first.from) * 0.24;
        svg.append(label(first.from, 20, 'chip' + (hours < 0.8 ? ' before' : ''), String(number),
            {dx: hours < 0.8 ? -5 : 5, 'data-outage': number}, hours < 1.9 ? null : make('tspan', {}, ' down')));
    }
    for (const stretch of stretches) {
        const [start, end, clock] = stretch;
        for (const [minute, edge, words, side, dx] of [[start, weekStart, 'starts', 'before', -6], [end, weekEnd, 'ends', '', 6]]) {
            const x = placeIn(stretch, minute), room = minute === start ? x : 100 - x;
            if (minute === edge) line(x, 'edge');
            else if (x > 0 && x < 99.9) line(x, 'change');
            if (minute === edge && room > 40) svg.append(label(x, 20, 'muted ' + side, `the week ${words} at ${clockText(x * 14.4)}`, {dx}));
        }
        for (const poll of polls.filter(({at}) => start <= at && at < end)) {
            const counts = poll.place === 'open', name = 'poll' + (poll.isUp ? '' : ' hollow') + (counts ? '' : ' uncounted');
            svg.append(make('circle', {class: name, cx: placeIn(stretch, poll.at) + '%', cy: 44, r: counts ? 3 : 1.5}));
        }
    }
    return svg;
};
const sumOf = ({open, up, down, least, most, unknown}) => {
    if (open === 0) return ['closed'];
    if (unknown === open) return [`${one(open)} h open: not observed`];
    return [make('b', {}, `${one(open)} h open:`), ` ${one(up)} up, ${one(down)} down${unknown ? `, ${one(unknown)} not observed` : ''} `,
        make('span', {class: 'muted'}, `(at least ${one(least)}, at most ${one(most)})`)];
};
const windowSum = (store, window) => {
    const [open, up, down, least, most, unknown] = ['scheduled', 'uptime', 'downtime', 'downtime_least', 'downtime_most', 'unknown']
        .map(name => Math.round(figure(store, `${name}_${window}_hours`) / 10));
    return sumOf({open, up, down, least, most, unknown});
};
const hourSum = store => {
    const [open, up, down, unknown] = ['scheduled', 'uptime', 'downtime', 'unknown'].map(name => figure(store, name + '_last_hour_minutes'));
    if (open === 0) return ['Nothing open in the last hour'];
    return [make('b', {}, `${whole(open)} min open:`), ` ${whole(up)} up, ${whole(down)} down${
        unknown ? `, ${whole(unknown)} not observed` : ''}; newest poll `, ...newestText(store)];
};
const sentence = store => {
    const [open, down, least, most] = ['scheduled', 'downtime', 'downtime_least', 'downtime_most'].map(name => tenths(week(store, name + '_*_hours')));
    const outages = week(store, 'outages_*');
    if (week(store, 'scheduled_*_hours') === 0) return ['Closed for the whole week.'];
    if (outages === null) return [`Not observed: no poll fell within this store’s opening hours in the past 8 days. Its ${
        open} open hours count neither as up nor as down.`];
    if (outages === 0) return [`No poll found this store down in its opening hours. Between polls it can have been down for at most ${
        most} of its ${open} open hours.`];
    return ['Down for ', make('b', {}, down), ` of ${open} open hours (at least ${least}, at most ${most}), in ${outages} outage${
        outages === 1 ? '.' : `s. The longest took ${one(figure(store, 'longest_outage_tenths_of_hours'))} h.`}`];
};
const outageTable = (store, outages, newest) => {
    const at = minute => minute === null ? '–' : moment(zoneOf(store), minute), hours = name => tenths(week(store, name));
    const heads = ['No.', 'Down from', 'to', 'Down, h', 'at least', 'at most', 'Polls down', 'Last seen up', 'Next seen up', 'Without polls, h'];
    const cells = (tag, values, attributes = {}) => make('tr', attributes, ...values.map((value, place) => make(tag, {'data-label': heads[place],
        class: [3, 4, 5, 6, 9].includes(place) ? 'number' : ''}, value)));
    const rows = outages.map(({number, start, end, upBefore, upAfter, down, least, most, polls, silent}) => {
        const until = upAfter !== null ? at(end) : isDownAtEnd(store) ? make('b', {}, 'down at the end') : 'last seen down ' + at(newest);
        return cells('td', [make('span', {class: 'chip'}, String(number)), (upBefore === null ? 'before ' : '') + at(start), until,
            make('b', {}, one(down)), one(least), one(most), String(polls), at(upBefore), at(upAfter), silent ? one(silent) : '–'], {'data-outage': number});
    });
    const sum = make('tr', {class: 'sum'}, make('td', {colspan: 3}, 'Sum'), make('td', {class: 'number'}, make('b', {}, hours('downtime_*_hours'))),
        make('td', {class: 'number'}, hours('downtime_least_*_hours')), make('td', {class: 'note', colspan: 5},
            `‘At most ${hours('downtime_most_*_hours')}’ also counts long gaps between polls that found it up.`));
    return [make('h4', {}, 'Outages'), make('table', {class: 'outage-table'}, make('thead', {}, cells('th', heads)), make('tbody', {}, ...rows, sum))];
};
const weekOf = store => {
    const zone = zoneOf(store), tape = readTape(store), outages = readOutages(store), sums = readDays(store);
    const newestAge = figure(store, 'newest_poll_age_minutes');
    // The age is rounded down, so the poll can be a minute earlier.
    const newest = newestAge === null ? null : tape.polls.findLast(poll => poll.at <= weekEnd - newestAge).at;
    const days = zone.days.map(([date, change, ...stretches], place) => make('div', {class: 'date'},
        make('div', {}, make('b', {}, date.slice(0, 3)), date.slice(3), make('span', {class: 'muted'}, change)),
        drawDay(stretches, tape, outages), make('div', {class: 'sums'}, ...sumOf(sums[place]))));
    const axis = make('svg', {class: 'bar', height: 16, 'aria-hidden': 'true'});
    for (let hour = 0; hour <= 24; hour += 3) axis.append(label(share(60 * hour), 12, ['', 'before'][hour / 24] ?? 'middle', hour + ':00'));
    const total = (words, content) => make('div', {class: 'total'}, make('span', {}, words), make('span', {}, ...content));
    const both = name => [`${percent(week(store, name + '_*_percent'))} in the week, ${percent(figure(store, name + '_last_day_percent'))} in the last day`];
    const text = make('pre', {tabindex: 0, hidden: ''}, tape.polls.map(({at, isUp, place}) => `${moment(zone, at)}  ${
        dateText(at).slice(5, 22)} UTC  ${isUp ? 'up  ' : 'down'}  ${place}`).join('\n') || 'No polls.');
    const status = make('span', {role: 'status', class: 'muted'});
    const copy = button('Copy link', () => navigator.clipboard.writeText(location.href).then(
        () => { status.textContent = 'Copied'; }, () => { status.textContent = location.href; }));
    const show = button('Show polls as text', () => show.setAttribute('aria-expanded', String(!(text.hidden = !text.hidden))));
    return make('div', {class: 'store-week'}, make('div', {class: 'week-head'},
        make('div', {}, make('h3', {}, 'Store ', make('bdi', {}, ids[store])), make('p', {class: 'note'}, `${zone.city} time${
            isZoneGiven(store) ? '' : ' (assumed)'}, ${about.hours[figure(store, 'hours')]}; newest poll ${
            newest === null ? 'in opening hours: none' : `${moment(zone, newest)}, ${isNewestUp(store) ? 'up' : 'down'}`}`)),
        make('div', {class: 'buttons'}, status, copy, show, button('Close', () => close(true)))),
        make('p', {class: 'sentence'}, ...sentence(store)), byId('week-legend').content.cloneNode(true), text,
        make('div', {class: 'date axis'}, make('div'), axis, make('div', {class: 'sums note'}, 'Sum of the day')), ...days,
        make('div', {class: 'totals'}, total('Week', windowSum(store, 'last_week')), total('Last day', windowSum(store, 'last_day')),
            total('Last hour', hourSum(store)), total('Up, %', both('uptime')), total('Polls cover, %', both('coverage'))),
        ...(outages.length ? outageTable(store, outages, newest) : []));
};

// Opening and closing.
const close = keepsFocus => {
    if (!opened) return;
    const {row, week, link} = opened;
    link.setAttribute('aria-expanded', 'false');
    row.classList.remove('open-row');
    week.remove();
    opened = null;
    if (keepsFocus) link.focus();
    if (location.hash.startsWith('#store=')) history.replaceState(null, '', location.href.replace(/#.*/, '#all-stores'));
};
const open = store => {
    close(false);
    if (!shown.includes(store)) showAll();
    const place = Math.floor(shown.indexOf(store) / ROWS);
    if (place !== page) { page = place; draw(); }
    const row = body.querySelector(`[data-store="${store}"]`), link = row.querySelector('a');
    const made = make('tr', {class: 'week-row'}, make('td', {colspan: 11}, weekOf(store)));
    row.after(made);
    row.classList.add('open-row');
    link.setAttribute('aria-expanded', 'true');
    opened = {row, link, week: made};
    link.focus({preventScroll: true});
    const {top} = row.getBoundingClientRect();
    if (top < 0 || top > innerHeight - 100) row.scrollIntoView();
};
const follow = () => {
    if (!location.hash.startsWith('#store=')) return;
    let id = location.hash.slice(7);
    try { id = decodeURIComponent(id); } catch { /* It stays as it is and matches no store. */ }
    const store = ids.indexOf(id);
    if (store >= 0) open(store);
    else count.textContent = `No store ‘${id}’ in this page.`;
};
const light = (event, isLit) => {
    const marked = event.target.closest('[data-outage]');
    if (marked) for (const same of body.querySelectorAll(`[data-outage="${marked.dataset.outage}"]`)) same.classList.toggle('lit', isLit);
};
body.addEventListener('mouseover', event => light(event, true));
body.addEventListener('mouseout', event => light(event, false));
addEventListener('click', event => {
    const link = event.target.closest('a');
    if (link && link === opened?.link) { event.preventDefault(); close(true); }
    // The address may still be that of a store that sorting or paging has closed.
    else if (link?.hash.startsWith('#store=') && link.hash === location.hash) follow();
});
section.addEventListener('keydown', event => { if (event.key === 'Escape') close(true); });
for (const head of heads) head.querySelector('button').addEventListener('click', () => {
    sortBy(head.dataset.sort, head.dataset.sort === sortedBy ? !isDescending : COLUMNS[head.dataset.sort][1]);
});
choice.addEventListener('change', () => sortBy(choice.value, COLUMNS[choice.value][1]));
for (const control of [search, ...filters]) control.addEventListener('input', update);
addEventListener('hashchange', follow);
byId('stores-controls').hidden = false;
sortBy('down', true);
follow();
})();
