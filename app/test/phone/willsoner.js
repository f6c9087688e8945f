// The willsoner's side of the app before a session: his registration, the tab with the requests, the offer.
import { at, crashUnless, stuckUnless } from './crash.js';
import * as decode from './decoders.js';

export class Willsoner {
  constructor(phone) {
    this.phone = phone;
    this.incoming = new IncomingTab(phone);
  }

  // register goes through its pages. Any code counts as the one that was sent to the phone.
  async register({ category = 1, experience = '이별을 세 번 겪었어요', introduction = '안녕하세요', words = ['줍줍', '무너짐', '집'] } = {}) {
    const ask = (...request) => this.phone.ask(...request);
    const { data: subcategories = [] } = await ask(decode.choices, 'POST', 'willsoner/register/subcategory', { category_idx: category });
    stuckUnless(subcategories.length > 0, 'no subcategory to choose');
    const { code, data: keywords } = await ask(decode.keywordsKept, 'POST', 'willsoner/register/keyword', { category_idx: category, keyword_data: words });
    stuckUnless(keywords, `the page with the keywords stays: ${code}`);
    const { data: images } = await ask(decode.willsonerImages, 'GET', 'willsoner/register/image');
    images.forEach(({ name }, i) => crashUnless(name !== undefined, `images[${i}].name is nil`));
    stuckUnless(images[0]?.idx !== undefined, 'no image to choose');
    await ask(decode.phoneProof, 'POST', 'willsoner/register/phone/verify', { phone: '01012345678' });
    await ask(decode.phoneProof, 'POST', 'willsoner/register/phone/check', { phone: '01012345678', code: '123456' });
    return ask(decode.registered, 'POST', 'willsoner/register/complete', {
      subcategory_idx: subcategories[0].idx, experience, introduction, keyword_idx: keywords.map(({ idx }) => idx), image_idx: images[0].idx,
      auth_licence: '', auth_media: '', auth_phone: '01012345678', auth_email: '',
    });
  }

  async myPage() {
    return (await this.phone.ask(decode.willsonersHome, 'GET', 'willsoner/mypage/home')).data;
  }
}

// The tab with the requests. Its clocks never stop: each second, each place that once held an `init` row is read again.
export class IncomingTab {
  #phone;
  #clocks = new Set(); // places
  #rows; // nil until the first answer, and after an answer without them

  constructor(phone) {
    this.#phone = phone;
  }

  get rows() {
    return this.#rows;
  }

  async appear() {
    const { data } = await this.#phone.ask(decode.incoming, 'POST', 'willsoner/list/realtime/matches', { category_idx: 0 });
    this.#rows = data?.matches?.rows.map(({ concern, ...row }) => (
      { ...row, concern: { ...concern, timer: this.#phone.time.fromServer(concern.timer) } }
    ));
    this.#rows?.forEach(({ status }, place) => status === 'init' && this.#clocks.add(place));
  }

  tick() {
    for (const place of this.#clocks) {
      crashUnless(this.#rows !== undefined, 'matchesRow is nil');
      for (const { status } of this.#rows) if (status === 'init') at(this.#rows, place, 'matchesRow');
    }
  }

  // tap returns the pages that it opens: one copy for each `init` row of the list, the last on top.
  async tap(matchIdx) {
    const { idx, concern } = this.#rows.find((row) => row.idx === matchIdx);
    const left = Math.trunc(concern.timer / 1000 - this.#phone.now);
    const copies = left > 0 ? this.#rows.filter(({ status }) => status === 'init') : [];
    const pages = copies.map(() => new RequestPage(this.#phone, idx, left));
    this.#phone.pages.push(...pages);
    for (const page of pages) await page.appear();
    return pages;
  }
}

export class RequestPage {
  #phone;
  #matchIdx;
  #left;

  constructor(phone, matchIdx, left) {
    this.#phone = phone;
    this.#matchIdx = matchIdx;
    this.#left = left;
  }

  async appear() {
    const { code, data } = await this.#phone.ask(decode.incomingOne, 'GET', `willsoner/list/realtime/matches/${this.#matchIdx}`);
    this.code = code;
    this.concern = data?.concern;
  }

  tick() {
    if (--this.#left <= 0) this.#close();
  }

  // The button works on a blank page too. Every answer that decodes closes the page; errors are not shown.
  async offer() {
    const answer = await this.#phone.ask(decode.offered, 'PATCH', `willsoner/list/realtime/matches/${this.#matchIdx}/select`);
    this.#close();
    return answer;
  }

  #close() {
    const { pages } = this.#phone;
    if (pages.includes(this)) pages.splice(pages.indexOf(this), 1);
  }
}
