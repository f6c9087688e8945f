// The whole road in a real browser: two people who sign up themselves, in two windows. Nothing of the example's data is there.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { collection, doc, getDoc, getDocs, query, setDoc, Timestamp, updateDoc, where } from 'firebase/firestore';
import {
  phone, region, card, button, messages, step, notice, exchange, seen, gone, numberOf, side, steps, openBrowser,
  isWellMade, pressUntil, enter, write, bodyOf, shoot,
} from './console/windows.js';
import { clear, loadRules, openAsServer } from './local/emulators.js';
import { buildServer, startServer } from './local/server.js';

const minute = 60_000;

describe('the whole road in the console', { timeout: 300_000 }, () => {
  let built, server, store, browser;
  let asker, willsoner;
  const stamp = Date.now(); // accounts of Firebase Auth stay when the rest is cleared
  const next = steps();

  before(async () => {
    store = openAsServer();
    await loadRules();
    await clear();
    await setDoc(doc(store.db, 'review_images/2'), { idx: 2, name: '공감하는 타입', detail: '내 마음을 그대로 알아줘요', pic: 'https://pic.test/2.png' });
    built = await buildServer();
    server = await startServer(built.binary, { INVITATION_CODES: 'willson' });
    browser = await openBrowser(server);
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await built?.remove();
    await store?.close();
  });

  async function signUp(page, name, nickname, year) {
    const form = page.getByRole('form', { name: '가입하기' });
    await write(page, form.getByLabel('이메일'), `${name}${stamp}@willson.test`);
    await write(page, form.getByLabel('비밀번호'), 'secret');
    await write(page, form.getByLabel('닉네임'), nickname);
    await write(page, form.getByLabel('태어난 해'), year);
    await pressUntil(page, 'Tab', form.getByLabel('여', { exact: true }));
    await page.keyboard.press('Space');
    await enter(page, button(form, '가입하기'));
  }

  async function chat(idx, id) {
    const rooms = await getDocs(query(collection(store.db, 'chatrooms'), where('idx', '==', idx)));
    return (await getDoc(doc(rooms.docs[0].ref, 'chats', id))).data();
  }

  // Time that nobody waits for: what is stored moves back, and the pages' clocks forward until they have seen what came of it.
  async function fiveMinutesPass(seenThen) {
    for (const folder of ['concerns', 'matches']) {
      const { docs } = await getDocs(collection(store.db, folder));
      for (const document of docs) {
        const moved = ['timer', 'open_until'].filter((name) => document.get(name)).map((name) => (
          [name, Timestamp.fromMillis(document.get(name).toMillis() - 5 * minute - 1000)]
        ));
        if (moved.length > 0) await updateDoc(document.ref, Object.fromEntries(moved));
      }
    }
    await clockForward(5 * minute + 2000, seenThen);
  }

  async function clockForward(by, seenThen) {
    for (const page of [willsoner, asker]) await page.clock.setSystemTime(Date.now() + by);
    await seenThen();
    for (const page of [willsoner, asker]) await page.clock.setSystemTime(Date.now());
  }

  next('anybody signs up, by keyboard alone', async () => {
    asker = await browser.openWindow();
    await signUp(asker, 'janna', '잔나', String(new Date().getFullYear()));
    await seen(asker.getByRole('alert'), '로그인하지 못했습니다: 그 해에 태어난 사람은 가입할 수 없습니다.');
    await seen(exchange(asker, 'POST /api/v1/asker/sign/signup', 400), 'out_of_range:');
    await isWellMade(asker);
    // Firebase knows her by now, and the server does not.
    await write(asker, asker.getByLabel('태어난 해'), '1997');
    await asker.keyboard.press('Enter');
    await seen(asker.getByRole('banner'), '잔나', `janna${stamp}@willson.test`);
    await exchange(asker, 'POST /api/v1/asker/sign/signup', 200).waitFor();
    await asker.locator('main:focus').waitFor();
    await seen(region(asker, '질문자로'), '아직 아무것도 없습니다.');
    await isWellMade(asker);

    willsoner = await browser.openWindow();
    await signUp(willsoner, 'janna', '잔나', '1990');
    await seen(willsoner.getByRole('banner'), '잔나'); // the same password: she again
    await button(willsoner, '로그아웃').click();
    await willsoner.locator('main:focus').waitFor();
    const form = willsoner.getByRole('form', { name: '가입하기' });
    await form.getByLabel('이메일').fill(`janna${stamp}@willson.test`);
    await form.getByLabel('비밀번호').fill('another');
    await form.getByLabel('닉네임').fill('루시');
    await form.getByLabel('태어난 해').fill('1990');
    await form.getByLabel('남', { exact: true }).check();
    await button(form, '가입하기').click();
    await seen(willsoner.getByRole('alert'), '이미 가입한 이메일입니다.');
    await form.getByLabel('이메일').fill(`lucy${stamp}@willson.test`);
    await button(form, '가입하기').click();
    await seen(willsoner.getByRole('banner'), '루시');
  });

  next('a concern is written by keyboard alone, and nobody fits', async () => {
    await enter(asker, button(asker, '고민 쓰기'));
    await asker.getByRole('heading', { name: '고민 쓰기' }).and(asker.locator(':focus')).waitFor();
    await write(asker, asker.getByRole('textbox', { name: '고민' }), '얼마 전에 이별을 했는데, 아직도 마음이 무너진 채예요.');
    await pressUntil(asker, 'Tab', asker.getByLabel('외로운'));
    await asker.keyboard.press('Space');
    await pressUntil(asker, 'Tab', asker.getByLabel('원하는 방향'));
    await asker.keyboard.press('ArrowDown');
    await pressUntil(asker, 'Tab', asker.getByLabel('예약', { exact: true }).or(asker.getByLabel('지금', { exact: true })).and(asker.locator(':checked')));
    await asker.keyboard.press('ArrowDown');
    await asker.getByLabel('날짜').first().waitFor();
    await isWellMade(asker);
    await asker.keyboard.press('ArrowUp');
    await gone(asker.getByLabel('날짜').first());
    await enter(asker, button(asker, '결제로'));
    await notice(asker, '고민을 썼습니다.');
    await asker.getByRole('heading', { name: '결제', exact: true }).and(asker.locator(':focus')).waitFor();
    const { direction_idx, feeling_idx, type } = JSON.parse(await bodyOf(exchange(asker, 'POST /api/v1/asker/request/complete', 200)));
    assert.deepEqual([direction_idx, feeling_idx.length, type], [2, 2, 'realtime']);

    await seen(region(asker, '결제'), '쓸 수 있는 꿀단지 15개', '맞는 윌스너가 없습니다.');
    await enter(asker, asker.getByRole('button', { name: /30분/ }));
    await notice(asker, '맞는 윌스너가 없습니다. 결제하지 않았습니다.');
    await asker.getByRole('button', { name: /30분/ }).and(asker.locator(':focus')).waitFor();
    await enter(asker, button(asker, '돌아가기'));
    await asker.locator('.pane:focus').waitFor(); // not lost with the form
    await asker.evaluate(() => { // one whose data is gone
      const kept = Object.keys(sessionStorage).find((name) => name.startsWith('unpaid of '));
      sessionStorage.setItem(kept, JSON.stringify([...JSON.parse(sessionStorage.getItem(kept)), { idx: 1, content: '지난 고민' }]));
    });
    await asker.reload(); // no list of the server has them
    const unpaid = region(asker, '결제하지 않은 고민');
    await enter(asker, button(unpaid.getByRole('article').filter({ hasText: '지난 고민' }), '결제로'));
    await seen(region(asker, '결제'), '지금은 결제할 수 없는 고민입니다.');
    await enter(asker, button(asker, '돌아가기'));
    await seen(unpaid, '얼마 전에 이별을 했는데');
    await gone(unpaid.getByText('지난 고민'));
    await isWellMade(asker);
  });

  next('the other becomes a willsoner by invitation, by keyboard alone', async () => {
    await enter(willsoner, side(willsoner, '윌스너'));
    await seen(region(willsoner, '윌스너로'), '아직 윌스너가 아닙니다.');
    await enter(willsoner, side(willsoner, '내 정보'));
    const form = willsoner.getByRole('form', { name: '윌스너 신청하기' });
    await write(willsoner, form.getByLabel('한 줄 소개'), '한순간에 다 무너져 본 사람이에요');
    await write(willsoner, form.getByLabel('경험'), '3년 만난 사람과 헤어졌어요.');
    await write(willsoner, form.getByLabel('키워드 (쉼표로 구분)'), '이별, 마음 챙김');
    await isWellMade(willsoner);
    await enter(willsoner, button(form, '윌스너 신청하기'));
    await notice(willsoner, '윌스너를 신청했습니다.');
    await willsoner.locator('.pane:focus').waitFor();
    await seen(region(willsoner, '내 정보'), '승인 대기', '#이별', '#마음 챙김', '지급 꿀단지 15개');
    await write(willsoner, willsoner.getByLabel('초대 코드'), 'wilson');
    await willsoner.keyboard.press('Enter');
    await notice(willsoner, '그런 초대 코드가 없습니다.');
    await isWellMade(willsoner);
    await write(willsoner, willsoner.getByLabel('초대 코드'), 'willson');
    await willsoner.keyboard.press('Enter');
    await notice(willsoner, '윌스너로 승인되었습니다.');
    await seen(region(willsoner, '내 정보'), '승인됨');
    await enter(willsoner, side(willsoner, '윌스너'));
    await seen(region(willsoner, '윌스너로'), '아직 아무것도 없습니다.');
  });

  next('the concern is paid for, and nobody offers in time', async () => {
    await enter(asker, button(region(asker, '결제하지 않은 고민'), '결제로'));
    await seen(region(asker, '예상 답변자'), '루시', '한순간에 다 무너져 본 사람이에요');
    await isWellMade(asker);
    await enter(asker, asker.getByRole('button', { name: /30분/ }));
    await notice(asker, '결제했습니다.');
    const concern = region(asker, '지금 나눌 고민').getByRole('article').first();
    await seen(concern, '연애 › 이별', '윌스너를 찾는 중 · 30분', '아직 제안이 없습니다.');
    await seen(concern.getByRole('timer'), /^(5:00|4:\d\d) 남음$/);
    await gone(region(asker, '결제하지 않은 고민'));

    await seen(willsoner.getByRole('status'), '알림: 새 요청이 왔습니다');
    const request = region(willsoner, '지금 들어온 요청').getByRole('article').first();
    await seen(request, '새 요청 · 30분 · 여', '얼마 전에 이별을 했는데', '외로운');
    await seen(request.getByRole('timer'), /^(5:00|4:\d\d) 남음$/);

    await fiveMinutesPass(async () => {
      await seen(concern, '제안한 윌스너가 없음');
      await seen(request, '마감');
    });
    assert.equal(await button(request, '상담 걸기').count(), 0);
    await isWellMade(asker);
    await isWellMade(willsoner);
  });

  next('it is paid for again, and the willsoner offers', async () => {
    await enter(asker, button(asker, '다시 결제하기'));
    await enter(asker, asker.getByRole('button', { name: /30분/ }));
    await notice(asker, '결제했습니다.');
    const concern = region(asker, '지금 나눌 고민').getByRole('article').first();
    await seen(concern, /윌스너가 제안할 시간 (5:00|4:\d\d) 남음/);

    const [newest, older] = [0, 1].map((i) => region(willsoner, '지금 들어온 요청').getByRole('article').nth(i));
    await seen(newest, '새 요청 · 30분');
    await seen(older, '마감');
    await enter(willsoner, newest.getByText('자세히'));
    await seen(newest, '원하는 방향:');
    await isWellMade(willsoner);
    await shoot(willsoner, 'console-phone.png', phone, 'dark');
    await enter(willsoner, button(newest, '상담 걸기'));
    await notice(willsoner, '상담을 걸었습니다.');
    await willsoner.locator('.pane:focus').waitFor();
    await seen(newest, '제안함', /선택할 시간 \d:\d\d 남음/, '질문자의 확정을 기다리는 중입니다.');

    await seen(asker.getByRole('status'), '알림: 제안이 왔습니다');
    const offer = region(concern, '제안').getByRole('article');
    await seen(offer, '루시', '남 · 30대', '★ 0', '한순간에 다 무너져 본 사람이에요', '#마음 챙김');
    await enter(asker, offer.getByText('후기 보기'));
    await seen(offer, '후기 0개');
    await isWellMade(asker);
    await enter(asker, button(offer, '수락하기'));
    await notice(asker, '제안을 수락했습니다.');
    await asker.locator('.pane:focus').waitFor();
    await seen(asker.locator('.desk'), '매칭 완료');
    assert.match(await exchange(asker, '/select', 200).getByLabel('curl').textContent(), /^curl -si -X PATCH '/);
  });

  let talk; // its match's number
  next('both walk through start, intro and end', async () => {
    await seen(willsoner.getByRole('status'), '알림: 선택되었습니다');
    const room = region(asker, '진행중인 상담').getByRole('article');
    talk = await numberOf(room);
    await enter(asker, button(room, '참여하기'));
    await seen(step(asker, 'start'), '● 나', '○ 루시');
    await button(region(willsoner, '진행중인 상담').locator(card(willsoner, talk)), '참여하기').click();
    await exchange(willsoner, `PATCH /api/v1/willsoner/chat/join/${talk}`, 200).waitFor();
    const { asker_join, willsoner_join, asker_uid, willsoner_uid } = (await getDoc(doc(store.db, `matches/${talk}`))).data();
    assert.deepEqual([asker_join, willsoner_join], [true, true]);

    await button(step(willsoner, 'intro'), '동의하기').click();
    await seen(step(asker, 'intro'), '○ 나', '● 루시');
    assert.equal(await willsoner.getByLabel('메시지 쓰기').isEnabled(), false);
    await enter(asker, button(step(asker, 'intro'), '동의하기'));
    for (const page of [asker, willsoner]) await seen(page.getByRole('timer'), /^(30:00|29:\d\d) 남음$/);

    const both = { [asker_uid]: true, [willsoner_uid]: true };
    for (const [id, fields] of [['start', { readUser: both }], ['intro', { readUser: both }], ['end', {}]]) {
      const { timeStamp, ...others } = await chat(talk, id);
      assert.ok(timeStamp instanceof Timestamp, id);
      assert.deepEqual(others, { uid: id, message: '', ...fields });
    }
  });

  next('they talk, and the asker reports a message', async () => {
    await write(asker, asker.getByLabel('메시지 쓰기'), '매일 같은 꿈을 꿔요. 깨고 나면 한참을 멍하니 앉아 있어요.');
    await asker.keyboard.press('Enter');
    await seen(messages(willsoner), '매일 같은 꿈을 꿔요.');
    await willsoner.getByLabel('메시지 쓰기').fill('저도 한순간에 다 무너져 본 적이 있어요. 천천히 들려주세요.');
    await button(willsoner, '보내기').click();
    await seen(messages(asker), '천천히 들려주세요.');

    assert.equal(await willsoner.getByRole('button', { name: /^신고/ }).count(), 0);
    await asker.getByRole('button', { name: /^신고: 저도 한순간에/ }).click();
    await seen(messages(asker), '신고됨');
    await seen(exchange(asker, `POST /api/v1/asker/chat/report/${talk}`, 200), 'successfully_updated');
    const reports = await getDocs(collection(store.db, `reports/${talk}/messages`));
    assert.deepEqual(reports.docs.map((each) => each.get('message').slice(0, 2)), ['저도']);
    await isWellMade(asker);
    await isWellMade(willsoner);
  });

  next('a reload keeps who it is and where, and does not wind the talk\'s clock back', async () => {
    const { timeStamp: began } = await chat(talk, 'end');
    await Promise.all([asker.reload(), willsoner.reload()]);
    await seen(willsoner.getByRole('banner'), '루시');
    await region(willsoner, '윌스너로').waitFor();
    for (const page of [asker, willsoner]) {
      await button(region(page, '진행중인 상담').locator(card(page, talk)), '참여하기').click();
      await page.getByRole('timer').first().waitFor();
    }
    await asker.getByLabel('메시지 쓰기').fill('다시 왔어요');
    await asker.keyboard.press('Enter');
    await seen(messages(willsoner), '다시 왔어요');
    assert.deepEqual((await chat(talk, 'end')).timeStamp, began);
  });

  let booked; // the reservation's match
  next('a concern for later: too few pots, and an hour in one of the windows', async () => {
    await enter(asker, button(asker, '고민 쓰기'));
    await write(asker, asker.getByRole('textbox', { name: '고민' }), '다음 주면 그 사람의 생일이에요. 연락하고 싶어질까 봐 무서워요.');
    await asker.getByLabel('예약', { exact: true }).check();
    await enter(asker, button(asker, '결제로'));
    await asker.keyboard.press('Enter'); // once more, before the answer has come
    await enter(asker, asker.getByRole('button', { name: /50분/ }));
    assert.equal(await asker.locator('.asked', { hasText: '/asker/request/complete' }).count(), 1);
    await notice(asker, '꿀단지가 모자랍니다.');
    await seen(asker.getByRole('alert'), '꿀단지가 2개 모자랍니다.');
    await isWellMade(asker);
    await enter(asker, asker.getByRole('button', { name: /30분/ }));
    await notice(asker, '결제했습니다.');
    const concern = region(asker, '예약할 고민').getByRole('article').first();
    await seen(concern, '윌스너를 찾는 중 · 30분', '18:00–22:00', '아직 제안이 없습니다.');

    const request = region(willsoner, '예약 요청').getByRole('article');
    await seen(request, '새 요청', '18:00–22:00', '다음 주면 그 사람의 생일이에요.');
    await pressUntil(willsoner, 'Tab', request.getByLabel('날짜'));
    await willsoner.keyboard.press('ArrowDown');
    await request.getByLabel('시각').fill('17:30');
    await enter(willsoner, button(request, '상담 걸기'));
    await notice(willsoner, '400 invalid_request from_time');
    await request.getByLabel('시각').fill('19:30');
    await enter(willsoner, button(request, '상담 걸기'));
    await notice(willsoner, '상담을 걸었습니다.');
    booked = await numberOf(request);

    const offer = region(concern, '제안').locator(card(asker, booked));
    await seen(offer, '루시', '19:30–20:00');
    await enter(asker, offer.getByText('후기 보기'));
    await seen(offer, '후기 0개');
    await isWellMade(asker);
    await shoot(asker, 'console.png', { width: 1280, height: 860 }, 'light');
    await enter(asker, button(offer, '수락하기'));
    const reservation = region(asker, '예약된 상담').locator(card(asker, booked));
    await seen(reservation, '루시', '19:30 · 30분');
    await enter(asker, button(reservation, '참여하기'));
    await notice(asker, '409 too_early');
  });

  next('when the time is up the asker reviews, and the session is complete', async () => {
    await clockForward(31 * minute, async () => {
      await willsoner.getByText('상담 시간이 끝났습니다.').waitFor();
      await gone(willsoner.getByLabel('메시지 쓰기'));
      await asker.getByRole('heading', { name: '상담은 어떠셨나요?' }).waitFor();
      await asker.getByRole('radio', { name: /공감하는/ }).waitFor();
      await isWellMade(asker);

      await asker.getByRole('slider', { name: '별점' }).press('ArrowLeft');
      await asker.getByRole('radio', { name: /공감하는/ }).check();
      await asker.getByLabel('후기', { exact: true }).fill('덕분에 마음이 편해졌어요');
      await button(asker, '후기 남기고 마치기').click();
      await notice(asker, '후기를 남기고 상담을 마쳤습니다.');
      await exchange(asker, 'POST /api/v1/asker/chat/review/complete', 200).waitFor();
      await exchange(asker, `PATCH /api/v1/asker/chat/complete/${talk}`, 200).waitFor();
      await gone(region(asker, '진행중인 상담'));
      await gone(region(willsoner, '진행중인 상담'));
      await willsoner.getByText('끝난 상담입니다.').waitFor();
      await isWellMade(willsoner);
    });
    const { rating, image_idx, content } = (await getDoc(doc(store.db, `reviews/${talk}`))).data();
    assert.deepEqual({ rating, image_idx, content }, { rating: 4.5, image_idx: 2, content: '덕분에 마음이 편해졌어요' });
  });

  next('my page has the pots\' ledger, the rating and the notices', async () => {
    await seen(willsoner.getByRole('status'), '알림: 후기가 왔습니다');
    await button(willsoner, '보기').click();
    await seen(region(willsoner, '내 정보'), '★ 4.5');
    for (const kind of ['requested', 'selected', 'joined', 'reviewed']) await seen(region(willsoner, '알림').getByRole('listitem'), kind);
    await side(asker, '내 정보').click();
    await seen(region(asker, '내 정보'), '쓸 수 있는 꿀단지 1개');
    await seen(region(asker, '꿀단지 내역').getByRole('listitem'), '지급 꿀단지 15개 남은 꿀단지 15개', '사용 꿀단지 7개 남은 꿀단지 8개', '사용 꿀단지 7개 남은 꿀단지 1개');
    await isWellMade(asker);
    await isWellMade(willsoner);

    await side(asker, '질문자').click();
    await button(region(asker, '완료된 고민'), '다시 결제하기').click();
    await asker.getByLabel('누구에게').selectOption('아직 상담하지 않은 윌스너');
    await seen(region(asker, '결제'), '맞는 윌스너가 없습니다.');
    await asker.getByLabel('누구에게').selectOption('이 고민을 상담한 윌스너');
    await seen(region(asker, '예상 답변자'), '루시');
    await isWellMade(asker);
    await button(asker, '돌아가기').click();
  });

  next('a reservation whose hour has come, by keyboard alone', async () => {
    const starts_at = Timestamp.fromMillis(Date.now() + 5 * minute);
    await updateDoc(doc(store.db, `matches/${booked}`), { starts_at });
    await updateDoc(doc(store.db, `reservations/${booked}`), { starts_at });
    await enter(asker, button(region(asker, '예약된 상담').locator(card(asker, booked)), '참여하기'));
    await seen(willsoner.getByRole('status'), '알림: 상대가 들어왔습니다');
    await enter(willsoner, button(willsoner, '보기'));
    await enter(willsoner, button(region(willsoner, '윌스너로').locator(card(willsoner, booked)).first(), '참여하기'));
    await enter(asker, button(step(asker, 'intro'), '동의하기'));
    await enter(willsoner, button(step(willsoner, 'intro'), '동의하기'));

    await asker.getByRole('timer').waitFor();
    await write(asker, asker.getByLabel('메시지 쓰기'), '안녕하세요');
    await asker.keyboard.press('Enter');
    await seen(messages(willsoner), '안녕하세요');
    await enter(asker, button(asker, '후기 쓰고 마치기'));
    await enter(asker, button(asker, '후기 없이 마치기'));
    await notice(asker, '상담을 마쳤습니다.');
    await gone(region(asker, '진행중인 상담'));
    assert.equal((await getDoc(doc(store.db, `matches/${booked}`))).get('status'), 'complete');
  });

  next('a server that cannot be reached is told, and what was there stays', async () => {
    await asker.route('**/api/v1/asker/list/concerns', (route) => route.abort());
    await button(asker, '다시 요청').click();
    await notice(asker, '서버에 닿지 못했습니다.');
    await region(asker, '완료된 고민').waitFor();
    await asker.unroute('**/api/v1/asker/list/concerns');
  });

  next('the page speaks English', async () => {
    const hangul = () => asker.locator('body').evaluate((body) => {
      const own = [...body.querySelectorAll('h1, h2, h3, legend, label, summary, .hint, .actions button, nav a, nav button, header button, header a, .talk li')];
      const texts = own.filter((element) => element.checkVisibility() && !element.closest('.choices label, .exchanges')).map(({ firstChild }) => firstChild?.nodeValue ?? '');
      return texts.filter((text) => /[가-힣]/.test(text));
    });
    await button(asker, 'English').click();
    await asker.getByRole('heading', { name: 'Exchanges with the server' }).waitFor();
    await button(asker, 'Write a concern').click();
    await asker.getByLabel('later', { exact: true }).check();
    assert.deepEqual(await hangul(), ['한국어']);
    await button(asker, 'Back').click();
    for (const name of ['Willsoner', 'My page']) {
      await button(asker, name).click();
      assert.deepEqual(await hangul(), ['한국어']);
    }
    await asker.setViewportSize(phone);
    await asker.getByRole('button', { name: /^Requests/ }).click();
    await asker.getByRole('heading', { name: 'Exchanges with the server' }).waitFor();
    await gone(asker.getByRole('heading', { name: 'My page' }));
    await isWellMade(asker);
    await asker.reload();
    await asker.getByRole('heading', { name: 'My page' }).waitFor();
    assert.equal(await asker.locator('html').getAttribute('lang'), 'en');
    await button(asker, 'Sign out').click();
    await asker.getByRole('heading', { name: 'Sign up' }).waitFor();
    assert.deepEqual(await hangul(), ['한국어']);
    await button(asker, '한국어').click();
    await asker.getByRole('heading', { name: '가입하기' }).waitFor();
  });

  next('the pages talked to the server and the emulators alone, without an error', () => browser.assertClean());
});
