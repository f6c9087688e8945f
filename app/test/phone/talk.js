// A match on the phones of its two parties, from the asker's yes to the row that is gone.
import assert from 'node:assert/strict';
import { insist } from '../local/line.js';

export const parties = ['asker', 'willsoner'];

export class Talk {
  rooms = {};
  agreed = false;

  constructor(idx, phones) {
    this.idx = idx;
    this.phones = phones;
  }

  async row(party, part = 'ing') {
    const { data } = await this.phones[party].list();
    return data?.[part]?.find(({ idx }) => idx === this.idx);
  }

  async open(party) {
    const row = await this.row(party);
    assert.ok(row, `${party} has no row to open`);
    this.rooms[party] = this.phones[party].open(row);
  }

  both(holds) {
    return Promise.all(parties.map((party) => this.rooms[party].until(holds)));
  }

  steps = {
    select: async () => {
      const { data } = await insist(() => this.phones.asker.select(this.idx));
      assert.equal(data.status, 'chat');
    },
    enter: async () => {
      for (const party of parties) await this.open(party);
      await this.both((room) => Object.keys(room.start?.readUser ?? {}).length === 2);
    },
    agree: async () => {
      this.agreed = true;
      for (const party of parties) this.rooms[party].tapAgree();
      await this.both((room) => room.countdown > Date.now());
    },
    talk: async () => {
      for (const party of parties) this.rooms[party].send(`${party}의 말`);
      for (const party of parties) await this.rooms[party].until((room) => room.hasHeard('asker의 말') && room.hasHeard('willsoner의 말'));
    },
    review: async () => {
      const { data: images } = await this.phones.asker.reviewImages();
      assert.ok(images.length > 0);
      const { code } = await insist(() => this.phones.asker.review(this.idx, { title: '고마워요', content: '좋았어요' }));
      // Whatever it answers, the app goes on; a second review is told so.
      assert.ok(['success', 'review_already_exists'].includes(code), code);
    },
    complete: async () => {
      const { data } = await insist(() => this.phones.asker.complete(this.idx));
      assert.equal(data.status, 'complete');
      for (const party of parties) assert.equal(await this.row(party), undefined, `${party} still has the row`);
    },
  };
}
