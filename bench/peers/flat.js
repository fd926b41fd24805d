// k6: one request over and over, or at a rate, or users who hardly ask anything.
import http from 'k6/http';
import { sleep } from 'k6';

const users = Number(__ENV.USERS);
const rate = Number(__ENV.RATE || 0);
const pause = Number(__ENV.PAUSE || 0);

const constant = {
  executor: 'constant-arrival-rate',
  rate,
  timeUnit: '1s',
  duration: __ENV.DURATION,
  preAllocatedVUs: users,
  maxVUs: users,
};
const loop = { executor: 'constant-vus', vus: users, duration: __ENV.DURATION };

export const options = {
  scenarios: { load: rate > 0 ? constant : loop },
  insecureSkipTLSVerify: true,
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

export default function () {
  http.get(__ENV.URL);
  if (pause > 0) sleep(pause);
}
