// What this browser keeps of a visit: one record for each tab in IndexedDB, {id, used, mark, pieces: [[digest, bytes]]}.
//
// The tab's id lies in sessionStorage: a reload finds it, another tab does not, and with the tab it is gone. A tab that was
// duplicated has the id of the first one too: it takes a copy of the record, under an id of its own. Where the browser
// tells who lives (locks, not over plain http) a reload goes on with its record; else it takes a copy as well, and
// the old one falls away in time.

const NAME = "tensor-atlas", TABS = "tabs", USED = "used", ID = "atlas.tab";
const DAYS = 3, MOST = 20; // records that nobody used for so long, and more than so many, are deleted
const SPAN = DAYS * 86_400_000;

const answer = (request) => new Promise((come, fail) => {
  request.onsuccess = () => come(request.result);
  request.onerror = request.onblocked = () => fail(request.error ?? new Error("blocked"));
});

const done = (transaction) => new Promise((come, fail) => {
  transaction.oncomplete = come;
  transaction.onabort = transaction.onerror = () => fail(transaction.error);
});

let opening = null;

/** The database and this tab's id, once for a page. Where the browser refuses it, every call fails. */
const opened = () => (opening ??= open().catch((error) => {
  opening = null;
  throw error;
}));

async function open() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABS, { keyPath: "id" }).createIndex(USED, USED);
  const db = await answer(request);
  db.onversionchange = () => {
    db.close();
    opening = null;
  };
  const id = await ownId(db);
  await clearUp(db, id);
  return { db, id };
}

async function ownId(db) {
  const before = sessionStorage.getItem(ID);
  if (before && await holds(before)) return before;
  const id = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  await holds(id);
  const transaction = db.transaction(TABS, "readwrite"), tabs = transaction.objectStore(TABS);
  const record = before && await answer(tabs.get(before));
  if (record) tabs.put({ ...record, id, used: Date.now() });
  await done(transaction);
  sessionStorage.setItem(ID, id);
  return id;
}

/** Whether this page is the one that lives under the id; it is from now on, until it ends. */
const holds = (id) => new Promise((tell) => {
  if (!navigator.locks) return tell(false);
  navigator.locks.request(`${ID}.${id}`, { ifAvailable: true }, (lock) => {
    tell(Boolean(lock));
    return lock && new Promise(() => {});
  }).catch(() => tell(false));
});

/** Old records go, and the oldest of too many; never this tab's own. */
async function clearUp(db, own) {
  const transaction = db.transaction(TABS, "readwrite"), tabs = transaction.objectStore(TABS);
  const ids = await answer(tabs.index(USED).getAllKeys());
  const old = await answer(tabs.index(USED).getAllKeys(IDBKeyRange.upperBound(Date.now() - SPAN)));
  const late = await answer(tabs.index(USED).getAllKeys(IDBKeyRange.lowerBound(Date.now() + SPAN))); // a clock that was wrong
  const gone = new Set([...old, ...late, ...ids.slice(0, Math.max(0, ids.length - MOST))]);
  for (const id of gone) if (id !== own) tabs.delete(id);
  await done(transaction);
}

/** The file that is kept for this tab, in pieces; none where there is nothing. */
export async function read() {
  const { db, id } = await opened();
  const record = await answer(db.transaction(TABS).objectStore(TABS).get(id));
  return record ? record.pieces.map(([, bytes]) => bytes) : [];
}

/** What the file is called that is kept for this tab: "" where there is none. */
export async function mark() {
  const { db, id } = await opened();
  return (await answer(db.transaction(TABS).objectStore(TABS).get(id)))?.mark ?? "";
}

/** Keep the file whose pieces are `digests`, those that are new in `files`. False: one is in neither place. */
export async function write(called, digests, files) {
  const { db, id } = await opened();
  const transaction = db.transaction(TABS, "readwrite"), tabs = transaction.objectStore(TABS);
  const before = new Map((await answer(tabs.get(id)))?.pieces);
  const pieces = digests.map((digest) => [digest, files.get(digest) ?? before.get(digest)]);
  const whole = pieces.every(([, bytes]) => bytes);
  if (whole) tabs.put({ id, used: Date.now(), mark: called, pieces });
  await done(transaction);
  return whole;
}

/** Nothing is kept for this tab any more. Whether something is for another one. */
export async function clear() {
  const { db, id } = await opened();
  const transaction = db.transaction(TABS, "readwrite"), tabs = transaction.objectStore(TABS);
  tabs.delete(id);
  const left = await answer(tabs.count());
  await done(transaction);
  return left > 0;
}

/** Nothing is kept for any tab. */
export async function clearAll() {
  const { db } = await opened();
  const transaction = db.transaction(TABS, "readwrite");
  transaction.objectStore(TABS).clear();
  await done(transaction);
}
