// The asker's list, and the way from a payment to the end of a session, as a Node user would
// serve them, with Express and firebase-admin. It is measured beside Willson, and is no part of it: what the measured
// requests never come to, such as errors with a code, is left out.
import compression from 'compression';
import express from 'express';
import { initializeApp } from 'firebase-admin/app';
import { getAuth } from 'firebase-admin/auth';
import { getFirestore } from 'firebase-admin/firestore';
import { HttpsProxyAgent } from 'https-proxy-agent';

import { incoming, offer } from './offers.mjs';
import { pay } from './payment.mjs';
import { categories } from './reference.mjs';
import { concernRow, incomingRow, ingRow, matchRow, reserveRow, selectedRow } from './rows.mjs';
import { complete, join, select } from './session.mjs';

// Through the proxy the bench's own key endpoint stands for Google's.
const firebase = initializeApp({
  projectId: process.env.GOOGLE_CLOUD_PROJECT,
  httpAgent: new HttpsProxyAgent(process.env.BENCH_HTTPS_PROXY),
});
const auth = getAuth(firebase);
const db = getFirestore(firebase);

/** A handler that answers with what work makes of the caller, the path and the body. */
function answer(work) {
  return async (req, res) => {
    const { uid } = await verify(req.get('x-token'));
    res.json({ code: 'success', message: 'success', data: await work(uid, req.params.idx, req.body) });
  };
}

/** Verifies an ID token or a session cookie: who issued it tells which. */
function verify(token) {
  const { iss } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  return iss.startsWith('https://session.firebase.google.com/') ? auth.verifySessionCookie(token) : auth.verifyIdToken(token);
}

async function list(collection, uid, status, toRow) {
  const mine = db.collection(collection).where('asker_uid', '==', uid).where('status', '==', status);
  const found = await mine.orderBy('idx', 'desc').limit(300).get();
  return found.docs.map((doc) => toRow(doc.id, doc.data())).reverse();
}

async function chatrooms(uid) {
  const [ing, reserved] = await Promise.all([
    list('chatrooms', uid, 'chat', ingRow),
    list('reservations', uid, 'reserved', reserveRow),
  ]);
  const underWay = new Set(ing.map((row) => row.idx));
  const reserve = reserved.filter((row) => !underWay.has(row.idx));
  return { count: ing.length + reserve.length, ing, reserve };
}

async function incomingList(uid, _, body) {
  const rows = (await incoming(db, uid, body)).map(incomingRow);
  return { categories, matches: { count: rows.length, rows } };
}

const app = express();
app.set('etag', 'strong');
app.use(compression());
app.use(express.json());
app.use((req, res, next) => {
  res.set('Cache-Control', 'private, no-cache');
  next();
});
const asker = '/api/v1/asker';
const sent = '/api/v1/willsoner/list/realtime/matches';
app.get(`${asker}/chat/chatrooms`, answer(chatrooms));
app.post(`${asker}/payment/:idx`, answer(async (uid, idx, body) => concernRow(await pay(db, uid, idx, body))));
app.post(sent, answer(incomingList));
app.patch(`${sent}/:idx/select`, answer(async (uid, idx) => matchRow(await offer(db, uid, idx))));
app.patch(`${asker}/list/matches/:idx/select`, answer(async (uid, idx) => selectedRow(await select(db, uid, idx))));
app.patch(`${asker}/chat/join/:idx`, answer(async (uid, idx) => matchRow(await join(db, uid, idx))));
app.patch(`${asker}/chat/complete/:idx`, answer(async (uid, idx) => matchRow(await complete(db, uid, idx))));
app.listen(Number(process.env.PORT), '127.0.0.1');
