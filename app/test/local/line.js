// The network between the phones and the server.
import { createServer, request as forward } from 'node:http';

// openLine returns what the phones take for the server. While it is bad, it loses the answer to the first of each
// request: the server has done what was asked, and the phone learns nothing.
export async function openLine({ url }) {
  const lost = new Set();
  const self = { bad: false, lost };
  const proxy = createServer((from, to) => {
    const passed = forward(url + from.url, { method: from.method, headers: from.headers }, (answer) => {
      const request = `${from.method} ${from.url} ${from.headers['x-token']}`;
      if (self.bad && from.method !== 'GET' && !lost.has(request)) {
        lost.add(request);
        answer.resume().on('end', () => to.destroy());
        return;
      }
      to.writeHead(answer.statusCode, answer.headers);
      answer.pipe(to);
    });
    passed.on('error', () => to.destroy());
    from.pipe(passed);
  });
  await new Promise((resolve) => { proxy.listen(0, '127.0.0.1', resolve); });
  self.url = `http://127.0.0.1:${proxy.address().port}`;
  self.close = () => proxy.close();
  return self;
}

// insist asks again as long as the answer is lost, as a user does.
export async function insist(ask, tries = 3) {
  for (; tries > 0; tries--) {
    try {
      return await ask();
    } catch (error) {
      if (error.message !== 'fetch failed') throw error;
    }
  }
  throw new Error('the answer is lost time and again');
}
