// The asker's side of the app before a session: its home page, the form, the payment, the tab with his concerns, the offers.
import { at, crashUnless, stuckUnless } from './crash.js';
import * as decode from './decoders.js';

// What the app sends with every concern, whatever its user chose.
const constants = { keyword_idx: [1, 3], type: 'realtime', from_date: '2020-01-12', to_date: '2020-03-27', time: '9PM', agreement: 1 };

const choosing = 300; // s: how long the asker chooses after `timer`

// swiftInt cuts towards zero, as Int() does.
const swiftInt = (number) => Math.trunc(number);

// A cell that lacks one of these is not made, and the collection view ends the app.
function drawWillsoner({ asker, subcategories, ...rest }, name, required = []) {
  for (const key of ['gender', 'age']) crashUnless(asker[key] !== undefined, `${name}: asker.${key} is nil`);
  for (const key of required) crashUnless(rest[key] !== undefined, `${name}: ${key} is nil`);
  crashUnless(subcategories !== undefined, `${name}: subcategories is nil`);
  at(subcategories, 0, `${name}: subcategories`);
}

export class Asker {
  constructor(phone) {
    this.phone = phone;
    this.concerns = new ConcernsTab(phone);
  }

  async home() {
    const page = await this.phone.ask(decode.home, 'GET', 'asker/main');
    const { data: willsoners } = await this.phone.ask(decode.homeWillsoners, 'GET', 'asker/main/willsoners/0');
    willsoners.forEach((willsoner, i) => drawWillsoner(willsoner, `home willsoners[${i}]`));
    return { ...page, willsoners };
  }

  // write goes through the form's pages to the consent, and returns the concern's number. `gender` is All, F or M.
  async write({ category = 1, content, gender = 'All' }) {
    const choose = async (count, method, path, body) => {
      const { data: rows = [] } = await this.phone.ask(decode.choices, method, path, body);
      stuckUnless(rows.length >= count, `${path}: ${rows.length} rows of ${count} to choose`);
      return rows.slice(0, count).map(({ idx }) => idx);
    };
    const length = [...new Intl.Segmenter().segment(content)].length; // Swift counts what is seen
    stuckUnless(length >= 1 && length <= 300, `${length} characters of 1 to 300`);
    const [subcategory_idx] = await choose(1, 'POST', 'asker/request/subcategory', { category_idx: category });
    const feeling_idx = await choose(3, 'GET', 'asker/request/feeling');
    const personality_idx = await choose(3, 'GET', 'asker/request/willsoner_type');
    const [direction_idx] = await choose(1, 'GET', 'asker/request/direction');
    const concern = { subcategory_idx, feeling_idx, content, wil_gender: gender, personality_idx, direction_idx, ...constants };
    return this.#consent(concern);
  }

  async #consent(concern) {
    const { code, data } = await this.phone.ask(decode.concernMade, 'POST', 'asker/request/complete', concern);
    stuckUnless(data, `the consent page spins: ${code}`);
    return data.idx;
  }

  async openPayment(concernIdx) {
    const { code, data } = await this.phone.ask(decode.payment, 'GET', `asker/payment/${concernIdx}`);
    stuckUnless(data?.tickets.length > 0, `no ticket, no way on: ${code}`);
    return new PaymentPage(this.phone, concernIdx, data);
  }

  async pay(concernIdx, ticketIdx) {
    return (await this.openPayment(concernIdx)).pay(ticketIdx);
  }

  async myPage() {
    return (await this.phone.ask(decode.askersHome, 'GET', 'asker/mypage/home')).data;
  }
}

class PaymentPage {
  #phone;
  #concernIdx;

  constructor(phone, concernIdx, shown) {
    this.#phone = phone;
    this.#concernIdx = concernIdx;
    this.shown = shown;
  }

  // pay asks for the price in the popup and pays. Whatever the answer says, the app takes it for a success, clears the
  // form and shows the tab with the concerns; without an answer the popup stays, and the user may tap again.
  async pay(ticketIdx = 1) {
    this.shown.tickets.forEach(({ idx }, i) => crashUnless(idx === i + 1, `the popup reads tickets[${idx - 1}] for the one at ${i}`));
    await this.#phone.ask(decode.purchase, 'POST', 'asker/payment/purchase', { ticket_idx: ticketIdx });
    const answer = await this.#phone.ask(decode.paid, 'POST', `asker/payment/${this.#concernIdx}`, { ticket_idx: ticketIdx });
    await this.#phone.asker.concerns.appear();
    return answer;
  }
}

// The second tab. Each realtime row that was `init` when drawn has a clock, known by its place, that ticks for ever; a
// clock is blue until the row was drawn past its `timer`, then green.
export class ConcernsTab {
  #phone;
  #clocks = new Map(); // place → whether it is green
  #cells = []; // what each place showed last
  total = 0;
  realtime = [];
  reserve = [];
  completed = [];

  constructor(phone) {
    this.#phone = phone;
  }

  appear() {
    return this.#fetch();
  }

  async #fetch() {
    const { data } = await this.#phone.ask(decode.concerns, 'GET', 'asker/list/concerns');
    this.total = data?.total_count ?? 0;
    if (this.total === 0) return; // the page with its button hides the rest
    for (const name of ['realtime', 'reserve', 'completed']) this[name] = this.#draw(name, data[name]);
    this.realtime.forEach((row, place) => this.#drawClock(row, place));
  }

  #draw(name, section) {
    const rows = (section?.rows ?? []).map(({ timer, ...row }) => ({ ...row, ...(timer !== undefined && { timer: this.#phone.time.fromServer(timer) }) }));
    for (let place = 0; place < (section?.count ?? 0); place++) {
      crashUnless(at(rows, place, `${name}.rows`).personalities !== undefined, `${name}.rows[${place}].personalities is nil`);
    }
    return rows;
  }

  // What a realtime row shows. With any other status it keeps what its cell showed before.
  #drawClock({ status, timer }, place) {
    if (status === 'matched') this.#cells[place] = 'matched';
    if (status === 'unmatched' || status === 'empty') this.#cells[place] = 'nobody';
    if (status !== 'init') return;
    const left = timer === undefined ? undefined : this.#left(timer);
    if (left > 0) this.#cells[place] = 'searching';
    if (left < 0 && left > -choosing) this.#cells[place] = 'choose';
    this.#clocks.set(place, left < 0);
  }

  // left is Int(seconds until `timer`): 0 for almost two seconds.
  #left(timer) {
    return swiftInt(timer / 1000 - this.#phone.now);
  }

  // shows is what the row of a concern says: searching, choose, matched or nobody.
  shows(concernIdx) {
    const place = this.realtime.findIndex(({ idx }) => idx === concernIdx);
    return place < 0 ? undefined : this.#cells[place];
  }

  async tick() {
    let fetches = 0;
    for (const [place, isGreen] of [...this.#clocks]) {
      const { timer } = at(this.realtime, place, 'realtime.rows');
      if (timer === undefined) {
        this.#clocks.delete(place);
        fetches++;
      } else if (isGreen) {
        const rest = timer / 1000 + choosing - this.#phone.now;
        if (rest < 1) this.#clocks.delete(place);
        if (rest < 1 && rest > 0) fetches++;
      } else if (this.#left(timer) <= 0) {
        if (this.#left(timer) > -choosing) fetches++;
        else this.#clocks.delete(place);
      }
    }
    for (; fetches > 0; fetches--) await this.#fetch();
  }

  // tap returns the page that opens, if one does.
  async tap(concernIdx) {
    const { status, timer } = this.realtime.find(({ idx }) => idx === concernIdx);
    const left = timer === undefined ? undefined : this.#left(timer);
    if (status === 'matched' && left > 0) return this.#push(new WaitingPage());
    if (status !== 'init') return undefined;
    if (left > 0) return this.#push(new WaitingPage());
    return this.#openOffers(concernIdx, left);
  }

  // A reserve row opens the same page, and nobody tells it how many seconds remain.
  tapReserve(concernIdx) {
    return this.#openOffers(concernIdx, undefined);
  }

  async #openOffers(concernIdx, left) {
    const page = this.#push(new OffersPage(this.#phone, concernIdx, left));
    await page.appear();
    return page;
  }

  #push(page) {
    this.#phone.pages.push(page);
    return page;
  }
}

// It counts down and stays, at 0:00.
class WaitingPage {
  tick() {}
}

export class OffersPage {
  #phone;
  #concernIdx;
  #remaining;

  constructor(phone, concernIdx, remaining) {
    this.#phone = phone;
    this.#concernIdx = concernIdx;
    this.#remaining = remaining;
  }

  async appear() {
    const { code, data } = await this.#phone.ask(decode.offers, 'GET', `asker/list/concerns/realtime/${this.#concernIdx}`);
    this.code = code;
    this.matches = data?.matches ?? [];
    this.matches.forEach(({ willsoner }, i) => drawWillsoner(willsoner, `offers[${i}]`, ['experience', 'keywords']));
  }

  // At its end it closes whatever page is on top, be it this one or a willsoner's.
  tick() {
    crashUnless(this.#remaining !== undefined, 'remainingSeconds is nil');
    if (--this.#remaining <= -choosing) this.#phone.pages.pop();
  }

  async tap(matchIdx) {
    const page = new OfferPage(this.#phone, matchIdx);
    this.#phone.pages.push(page);
    await page.appear();
    return page;
  }
}

export class OfferPage {
  #phone;
  #matchIdx;

  constructor(phone, matchIdx) {
    this.#phone = phone;
    this.#matchIdx = matchIdx;
  }

  async appear() {
    const { code, data } = await this.#phone.ask(decode.offer, 'GET', `asker/list/matches/realtime/${this.#matchIdx}`);
    this.code = code;
    this.willsoner = data?.match?.willsoner;
    this.reviews = data?.reviews;
    if (this.willsoner) at(this.willsoner.subcategories, 0, 'offer: subcategories');
    for (let place = 0; place < (this.reviews?.count ?? 0); place++) at(this.reviews.rows ?? [], place, 'offer: reviews.rows');
  }

  tick() {}

  // The button works on a blank page too. Then the chat list is shown, and these pages are gone.
  async select() {
    const answer = await this.#phone.select(this.#matchIdx);
    if (answer.data) this.#phone.pages.length = 0;
    return answer;
  }
}
