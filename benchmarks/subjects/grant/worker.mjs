// The process of the subject: `node worker.mjs own|shared`, as benchmarks/subjects/worker.py.
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";

import { make } from "./subject.mjs";

const subject = await make(process.argv[2] === "shared");

async function time(clocks, work) {
  const cpu = process.cpuUsage();
  const began = process.hrtime.bigint();
  const result = await work();
  clocks.elapsed.push(Number(process.hrtime.bigint() - began) / 1e6);
  const used = process.cpuUsage(cpu);
  clocks.cpu.push((used.user + used.system) / 1e3);
  return result;
}

const work = {
  async log_in(number) {
    const clocks = { authorize: { elapsed: [], cpu: [] }, callback: { elapsed: [], cpu: [] } };
    const operations = { authorize: {}, callback: {} };
    const take = (counts) => {
      for (const [name, times] of subject.operations) counts[name] = (counts[name] ?? 0) + times;
      subject.operations.clear();
    };
    for (let one = 0; one < number; one += 1) {
      subject.operations.clear();
      const login = await time(clocks.authorize, () => subject.authorize());
      take(operations.authorize);
      if (!(await time(clocks.callback, () => subject.callback(login, `code-${randomUUID()}`)))) {
        throw new Error("a login failed");
      }
      take(operations.callback);
    }
    return { ...clocks, operations };
  },

  async log_in_twice(number) {
    const codes = [];
    const ended_well = [];
    for (let one = 0; one < number; one += 1) {
      const login = await subject.authorize();
      const code = `code-${randomUUID()}`;
      const both = await Promise.all([0, 1].map(() => subject.callback(login, code).catch(() => false)));
      codes.push(code);
      ended_well.push(both.filter(Boolean).length);
    }
    return { codes, ended_well };
  },
};

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  console.log(JSON.stringify(await work[request.do](request.number)));
}
process.exit(0);
