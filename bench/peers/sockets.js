// k6: users on a WebSocket who send the next message when the last one came back, or hardly ever.
import ws from 'k6/ws';

const pause = Number(__ENV.PAUSE || 0);

export const options = {
  scenarios: { load: { executor: 'constant-vus', vus: Number(__ENV.USERS), duration: __ENV.DURATION } },
};

export default function () {
  let id = 0;
  ws.connect(__ENV.URL, {}, (socket) => {
    const send = () => socket.send(`{"type":"ping","id":${++id}}`);
    socket.on('open', send);
    socket.on('message', () => (pause > 0 ? socket.setTimeout(send, pause * 1000) : send()));
  });
}
