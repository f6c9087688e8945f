// The asker's list as a Node user would serve it: Express and firebase-admin,
// to the same contract as Willson. It is measured beside Willson, and is no
// part of it.
import compression from 'compression';
import express from 'express';
import { initializeApp } from 'firebase-admin/app';
import { getAuth } from 'firebase-admin/auth';
import { getFirestore } from 'firebase-admin/firestore';

import { issuerAgent } from './issuer.mjs';
import { ingRow, reserveRow, rowsOf } from './rows.mjs';

const MAX_ROWS = 300;
const DEADLINE_MS = 5_000;

const firebase = initializeApp({
  projectId: process.env.GOOGLE_CLOUD_PROJECT,
  httpAgent: issuerAgent(process.env.BENCH_ISSUER),
});
const auth = getAuth(firebase);
const db = getFirestore(firebase);

class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function verify(req) {
  const token = req.get('x-token')?.trim();
  if (!token) throw new ApiError(401, 'token_not_found', 'Token not found');
  try {
    return (await auth.verifyIdToken(token)).uid;
  } catch (err) {
    if (err.code === 'auth/id-token-expired') {
      throw new ApiError(401, 'access_token_expired', 'Access token expired');
    }
    if (/fetching public keys/i.test(err.message)) {
      throw new ApiError(503, 'service_unavailable', 'Service unavailable');
    }
    throw new ApiError(401, 'access_token_invalid', 'Access token invalid');
  }
}

function list(collection, uid, status) {
  return db
    .collection(collection)
    .where('asker_uid', '==', uid)
    .where('status', '==', status)
    .orderBy('idx', 'desc')
    .limit(MAX_ROWS)
    .get();
}

async function withDeadline(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new ApiError(504, 'deadline_exceeded', 'Deadline exceeded')), DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function chatrooms(req, res) {
  const uid = await verify(req);
  const [rooms, reservations] = await withDeadline(
    Promise.all([list('chatrooms', uid, 'chat'), list('reservations', uid, 'reserved')]),
  );
  const now = Date.now();
  const ing = rowsOf(rooms, uid, ingRow, now);
  const underWay = new Set(ing.map((row) => row.idx));
  const reserve = rowsOf(reservations, uid, reserveRow, now).filter((row) => !underWay.has(row.idx));
  const count = ing.length + reserve.length;
  if (count === 0) throw new ApiError(404, 'not_found', 'Result not found');
  res.json({ code: 'success', message: 'success', data: { count, ing, reserve } });
}

function answerError(err, req, res, next) {
  if (res.headersSent) return next(err);
  if (!(err instanceof ApiError)) {
    if (err.code === 14) err = new ApiError(503, 'service_unavailable', 'Service unavailable');
    else if (err.code === 4) err = new ApiError(504, 'deadline_exceeded', 'Deadline exceeded');
    else {
      console.error(err);
      err = new ApiError(500, 'internal_error', 'Internal error');
    }
  }
  if (err.status === 503) res.set('Retry-After', '1');
  res.status(err.status).json({ code: err.code, message: err.message });
}

const app = express();
app.disable('x-powered-by');
app.set('etag', 'strong');
app.use(compression());
app.use((req, res, next) => {
  res.set('Cache-Control', 'private, no-cache');
  next();
});
app
  .route('/api/v1/asker/chat/chatrooms')
  .get(chatrooms)
  .all((req, res) => {
    res.set('Allow', 'GET, HEAD');
    throw new ApiError(405, 'method_not_allowed', 'Method not allowed');
  });
app.use(() => {
  throw new ApiError(404, 'route_not_found', 'Route not found');
});
app.use(answerError);
app.listen(Number(process.env.PORT), '127.0.0.1');
