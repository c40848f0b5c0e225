'use strict';
// The page of the system on one machine. It calls trigger_report and get_report as any client does. The lists
// and the uploads under /local/ exist only in this system.

// In milliseconds: between two looks at the lists while something is under way, and otherwise.
const SOON = 700, LATER = 5000;
const KINDS = {polls: 'polls', business_hours: 'business hours', time_zones: 'time zones', special_days: 'special days'};
const FINAL = ['Complete', 'Failed', 'Unreadable'];
const of = id => document.getElementById(id);

const make = (tag, given = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(given)) {
        if (name in made) made[name] = value; else made.setAttribute(name, value);
    }
    made.append(...children.filter(child => child !== null));
    return made;
};
const number = value => value.toLocaleString('en-US');
const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
// An RFC 3339 instant in UTC, to the minute.
const clock = text => text ? text.slice(0, 16).replace('T', ' ') : '–';
const bytes = count => count < 1e3 ? `${count} B` : count < 1e6 ? `${(count / 1e3).toFixed(1)} kB`
    : `${(count / 1e6).toFixed(1)} MB`;
// The file's name in a key. Uploads of this page and of `local load` have a folder of their own.
const nameOf = key => key.replace(/^incoming\//, '').replace(/^\d{8}T\d{6}\.\d+Z-\d+\//, '');
const encodedPath = path => path.split('/').map(encodeURIComponent).join('/');

const show = (element, text) => {
    element.hidden = !text;
    if (element.textContent !== text) element.textContent = text;
};

// Calls. A problem document becomes an error with its own words and the parameter that it names.
const problem = (status, text) => {
    try {
        const {detail, accepted, parameter} = JSON.parse(text);
        const words = accepted && !detail.includes(accepted) ? `${detail} (accepted: ${accepted})` : detail;
        return Object.assign(new Error(words), {parameter});
    } catch {
        return new Error(text.trim() || `the system answered with status ${status}`);
    }
};
const call = async (path, options) => {
    let answer, text;
    try {
        answer = await fetch(path, options);
        text = await answer.text();
    } catch {
        throw new Error('the system does not answer. Is the program still running?');
    }
    if (!answer.ok) throw problem(answer.status, text);
    return {document: JSON.parse(text), retryAfter: Number(answer.headers.get('Retry-After')) || 1};
};

// Uploads. Each is a row of the list until its load is in the answer of /local/loads.
let uploads = [], uploadsBegun = 0, chain = Promise.resolve();

const upload = entry => new Promise(done => {
    const request = new XMLHttpRequest();
    request.open('PUT', '/local/incoming/' + encodeURIComponent(entry.name));
    request.setRequestHeader('X-Local-Page', '1');
    request.upload.onprogress = event => {
        entry.share = event.lengthComputable ? event.loaded / event.total : 0;
        drawLoads();
    };
    request.onload = () => {
        if (request.status === 201) entry.key = JSON.parse(request.responseText).key;
        else entry.error = problem(request.status, request.responseText).message;
    };
    request.onerror = () => { entry.error = 'the system does not answer. Is the program still running?'; };
    request.onloadend = () => done();
    request.send(entry.file);
});

const take = files => {
    const entries = [...files].map(file => ({id: `upload ${uploadsBegun += 1}`, name: file.name, file, share: 0}));
    uploads = entries.reverse().concat(uploads);
    drawLoads();
    // One after another, so that a later file is a newer one.
    for (const entry of entries.slice().reverse()) {
        chain = chain.then(() => upload(entry)).then(() => { drawLoads(); refreshNow(); });
    }
};

// Lists. A table body is made again only if what it shows has changed, so that focus and open parts stay.
const drawn = new Map();
// In a narrow window each cell shows the head of its column.
const withHeads = (table, body) => {
    [...body.rows[0].cells].forEach((cell, place) => { cell.dataset.head = table.tHead.rows[0].cells[place].textContent; });
    return body;
};
const drawBodies = (table, entries, build) => {
    const wanted = [];
    for (const {id, shown} of entries) {
        const text = JSON.stringify(shown), known = drawn.get(id);
        if (!known || known.text !== text) drawn.set(id, {text, body: withHeads(table, build(shown))});
        if (known && known.text !== text) known.body.replaceWith(drawn.get(id).body);
        wanted.push(drawn.get(id).body);
    }
    const keep = new Set(wanted);
    for (const body of [...table.tBodies]) if (!keep.has(body)) body.remove();
    wanted.forEach((body, place) => {
        if (table.tBodies[place] !== body) table.insertBefore(body, table.tBodies[place] ?? null);
    });
};
const cell = (content, className = '') => make('td', {className}, content);
const moreRow = (columns, ...children) => make('tr', {className: 'more'}, make('td', {colSpan: columns}, ...children));

let state = null;
// How many loads are listed until all are asked for.
const FIRST_LOADS = 10;
let showsAll = false;

const uploadBody = ({name, percent, error, isSent}) => {
    const status = error ? 'Not uploaded' : isSent ? 'Waiting' : make('progress', {
        max: 100, value: percent, ariaLabel: `uploading ${name}`});
    const body = make('tbody', {}, make('tr', {},
        make('th', {scope: 'row'}, make('bdi', {}, name)), cell(status, error ? 'state failed' : 'state'),
        cell('–'), cell('–'),
        ...Array.from({length: 4}, () => cell('', 'number'))));
    if (error) body.append(moreRow(8, make('p', {}, error)));
    return body;
};

const loadBody = load => {
    const isFailed = load.status === 'Failed', isRunning = load.status === 'Running';
    const figures = [load.rows, load.loaded, load.duplicate, load.rejected];
    const took = load.duration_ms === undefined ? '' : ` in ${(load.duration_ms / 1000).toFixed(1)} s`;
    const body = make('tbody', {}, make('tr', {},
        make('th', {scope: 'row'}, make('bdi', {}, nameOf(load.file.key))),
        cell(isRunning ? make('span', {}, 'Loading ', make('progress', {ariaLabel: 'loading'})) : load.status + took,
            isFailed ? 'state failed' : 'state'),
        cell(KINDS[load.kind] ?? '–'), cell(clock(load.file.uploaded_at)),
        ...figures.map(figure => cell(isRunning ? '' : number(figure), 'number'))));
    const more = [];
    if (load.error) more.push(make('p', {}, load.error.detail));
    if (isFailed && load.loaded > 0) more.push(make('p', {}, `${counted(load.loaded, 'good row')} of it ${load.loaded === 1 ? 'is' : 'are'} loaded.`));
    if (load.first_rejects.length) {
        more.push(make('p', {}, 'Rejected:'), make('ul', {}, ...load.first_rejects.map(line => make('li', {}, line))));
    }
    if (load.rejected > 0) {
        const link = make('a', {href: `/local/rejected_rows/${encodedPath(load.folder)}`}, 'Download rejected_rows.csv');
        more.push(make('p', {}, link, ', correct the rows, and load the file.'));
    }
    for (const note of load.notes) more.push(make('p', {className: 'muted'}, note));
    if (load.same_content_as) more.push(make('p', {className: 'muted'}, 'The same file was loaded before.'));
    if (more.length) body.append(moreRow(8, ...more));
    return body;
};

const drawLoads = () => {
    const loads = state ? state.loads.loads : [], waiting = state ? state.loads.waiting : [];
    const listed = new Set([...loads.map(load => load.file.key), ...waiting.map(file => file.key)]);
    uploads = uploads.filter(entry => !listed.has(entry.key));
    const entries = [
        ...uploads.map(({id, name, share, error, key}) => ({id, build: uploadBody,
            shown: {name, percent: Math.floor(share * 100), error, isSent: key !== undefined}})),
        ...waiting.map(({key}) => ({id: key, build: uploadBody, shown: {name: nameOf(key), isSent: true}})),
        ...loads.map(load => ({id: load.folder, build: loadBody, shown: load}))];
    const builders = new Map(entries.map(entry => [entry.shown, entry.build]));
    of('loads-scroll').hidden = entries.length === 0;
    of('all-loads').hidden = showsAll || entries.length <= FIRST_LOADS;
    of('all-loads').textContent = `Show all ${number(entries.length)} files`;
    drawBodies(of('loads'), showsAll ? entries : entries.slice(0, FIRST_LOADS), shown => builders.get(shown)(shown));
    const pending = uploads.filter(entry => !entry.error).length + waiting.length
        + loads.filter(load => load.status === 'Running').length;
    const failed = uploads.filter(entry => entry.error).length + loads.filter(load => load.status === 'Failed').length;
    const ended = failed ? `Nothing is being loaded. ${counted(failed, 'file')} failed` : 'All files are loaded';
    const said = pending ? `${counted(pending, 'file')} not loaded yet` : entries.length ? ended : '';
    if (of('load-said').textContent !== said) of('load-said').textContent = said;
    return pending;
};

const drawLoaded = () => {
    const {loaded, loads, waiting} = state.loads;
    const isEmpty = loads.length + waiting.length + uploads.length === 0;
    const newest = state.reports.find(report => report.stores !== undefined);
    of('begin').hidden = !isEmpty;
    of('loaded').hidden = isEmpty;
    const headline = loaded.polls ? `${counted(loaded.polls, 'poll')} ${loaded.polls === 1 ? 'is' : 'are'} loaded.` : 'No polls are loaded yet.';
    show(of('headline'), headline);
    show(of('lead'), isEmpty ? 'Start with your files, or look around with sample data.'
        : loaded.polls ? 'Make a report to see when stores were offline while they were meant to be open.'
            : 'Load a file of polls, then make a report.');
    const file = (given, none) => given
        ? [`${number(given.rows)} rows`, `${nameOf(given.key)}, uploaded ${clock(given.uploaded_at)}`] : ['None', none];
    const facts = [
        ['Stores', newest ? number(newest.stores) : '–', newest ? 'in the newest complete report' : 'known when a report is complete'],
        ['Polls', loaded.first_poll ? clock(loaded.first_poll) : 'None',
            loaded.first_poll ? `to ${clock(loaded.last_poll)} UTC` : 'load a file of polls'],
        ['Newest business hours', ...file(loaded.business_hours, 'every store counts as always open')],
        ['Newest time zones', ...file(loaded.time_zones, 'every store counts as in America/Chicago')],
        ['Newest special days', ...file(loaded.special_days, 'no store has special days')]];
    const text = JSON.stringify(facts);
    if (of('facts').dataset.text === text) return;
    of('facts').dataset.text = text;
    of('facts').replaceChildren(...facts.map(([head, value, note]) =>
        make('div', {}, make('h3', {}, head), make('b', {}, value), make('span', {}, note))));
};

// Reports.
const progress = new Map();

const fileLinks = async (id, list) => {
    try {
        const {document: report} = await call(`/get_report/${id}`, {headers: {Accept: 'application/json'}});
        list.replaceChildren(...report.files.map(file => make('li', {},
            make('a', {href: file.url, target: file.name === PAGE ? '_blank' : '', rel: 'noopener'}, file.name),
            ` ${bytes(file.length)}`)),
        make('li', {className: 'note'}, `These links work until ${report.report_url_expires_at.slice(11, 16)} UTC`));
    } catch (error) {
        list.replaceChildren(make('li', {className: 'error'}, error.message));
    }
};

// Of a report by poll_count, there is no page.
const PAGE = 'report.html';
const hasPage = method => method !== 'poll_count';
const openLink = (id, className = '') => make('a', {href: `/get_report/${id}`, target: '_blank', rel: 'noopener', className},
    'Open the report', make('span', {className: 'hidden'}, ' in a new tab'));

const reportBody = report => {
    const {report_id: id, status, error, shards} = report;
    const isComplete = status === 'Complete';
    const files = make('ul', {className: 'files'});
    // The links work for some minutes, so they are requested when they are wanted.
    const details = make('details', {ontoggle: () => details.open && fileLinks(id, files)},
        make('summary', {}, 'Download files'), files);
    const method = report.method ? report.method + (report.period ? `, ${report.period}` : '')
        + (report.max_hold_minutes ? `, at most ${report.max_hold_minutes} min` : '') : '–';
    const running = make('span', {}, 'Running ', make('progress', {max: 1, value: shards ?? 0, ariaLabel: 'progress of the report'}));
    const body = make('tbody', {}, make('tr', {},
        make('th', {scope: 'row'}, clock(report.created_at)), cell(clock(report.as_of)), cell(method),
        cell(status === 'Running' ? running : status, error ? 'state failed' : 'state'),
        cell(report.stores === undefined ? '' : number(report.stores), 'number'),
        cell(isComplete ? make('div', {}, hasPage(report.method) ? openLink(id) : null, details) : '')));
    if (error) body.append(moreRow(6, make('p', {}, `${error.detail} (${error.code})`)));
    return body;
};

const drawReports = () => {
    const reports = state ? state.reports : [];
    of('no-reports').hidden = reports.length > 0;
    of('reports-scroll').hidden = reports.length === 0;
    drawBodies(of('report-list'), reports.map(report => ({id: report.report_id,
        shown: report.status === 'Running' ? {...report, shards: progress.get(report.report_id)} : report})), reportBody);
};

// Follows a report to its end. The system says by Retry-After when to ask again.
const followed = new Set();
const follow = async (id, ended = () => {}) => {
    if (followed.has(id)) return;
    followed.add(id);
    try {
        for (;;) {
            const {document: report, retryAfter} = await call(`/get_report/${id}`, {headers: {Accept: 'application/json'}});
            if (report.status !== 'Running') return ended(report);
            progress.set(id, report.progress.shards_done / report.progress.shards);
            drawReports();
            await new Promise(done => setTimeout(done, retryAfter * 1000));
        }
    } finally {
        followed.delete(id);
        refreshNow();
    }
};

// People also write an instant as this page and source files do, such as `2023-01-25 18:13 UTC`.
const instant = text => text.replace(/^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d(?:\.\d+)?)? ?(?:UTC|Z)?$/i,
    (all, date, time, seconds = ':00') => `${date}T${time}${seconds}Z`);

const ask = async event => {
    event.preventDefault();
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(of('form'))) {
        const given = name === 'as_of' ? instant(value.trim()) : value.trim();
        if (given) fields.set(name, given);
    }
    for (const field of of('form').elements) field.removeAttribute('aria-invalid');
    of('ask-button').disabled = true;
    show(of('ask-error'), '');
    of('asked').replaceChildren('The report is requested.');
    try {
        const {document: {report_id: id}} = await call('/trigger_report', {method: 'POST', body: fields});
        of('asked').replaceChildren('The report is being made.');
        refreshNow();
        await follow(id, report => {
            if (report.status === 'Failed') throw new Error(report.error.detail);
            of('asked').replaceChildren(`The report is complete: ${counted(report.stores, 'store')}.`, hasPage(report.method)
                ? openLink(id, 'button') : ' This method has no page to look at. Download its files in the list below.');
        });
    } catch (error) {
        of('asked').replaceChildren();
        show(of('ask-error'), error.message);
        const field = error.parameter && of('form').elements[error.parameter];
        if (field) {
            field.setAttribute('aria-invalid', 'true');
            field.focus();
        }
    } finally {
        of('ask-button').disabled = false;
    }
};

// Looks at both lists, soon again while something is under way.
let timer = 0, isLooking = false, again = false;
const refresh = async () => {
    if (isLooking) { again = true; return; }
    isLooking = true;
    clearTimeout(timer);
    let pause = LATER;
    try {
        const [loads, reports] = await Promise.all([call('/local/loads'), call('/local/reports')]);
        state = {loads: loads.document, reports: reports.document.reports};
        show(of('error'), '');
        const pending = drawLoads();
        drawLoaded();
        drawReports();
        for (const {report_id: id, status} of state.reports) if (!FINAL.includes(status)) follow(id).catch(() => {});
        if (pending) pause = SOON;
    } catch (error) {
        show(of('error'), error.message);
    }
    isLooking = false;
    if (again) { again = false; return refresh(); }
    timer = setTimeout(refresh, pause);
};
const refreshNow = () => { refresh(); };

const loadSample = async () => {
    of('sample').disabled = true;
    try {
        await call('/local/sample', {method: 'POST', headers: {'X-Local-Page': '1'}});
    } catch (error) {
        show(of('error'), error.message);
    }
    of('sample').disabled = false;
    refreshNow();
};

of('form').addEventListener('submit', ask);
of('all-loads').addEventListener('click', () => {
    showsAll = true;
    drawLoads();
    of('loads-scroll').focus();
});
of('sample').addEventListener('click', loadSample);
of('files').addEventListener('change', event => {
    take(event.target.files);
    event.target.value = '';
});
const hasFiles = event => event.dataTransfer && [...event.dataTransfer.types].includes('Files');
// A file that misses the area is loaded too. The browser would leave the page and show the file.
for (const name of ['dragenter', 'dragover']) {
    document.addEventListener(name, event => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        of('drop').classList.add('over');
    });
}
document.addEventListener('dragleave', event => { if (!event.relatedTarget) of('drop').classList.remove('over'); });
document.addEventListener('drop', event => {
    of('drop').classList.remove('over');
    if (!hasFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
});
refresh();
