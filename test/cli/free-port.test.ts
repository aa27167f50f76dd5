import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { freePort } from "../../cli/demo/process.ts";

test.runIf(process.platform === "linux")("a free port is none that the system gives out meanwhile", async () => {
  const [first, last] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split("\t").map(Number);
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  expect(ports.filter((port) => port >= Number(first) && port <= Number(last))).toEqual([]);
});

test("a free port takes connections, where a server then listens", async () => {
  const server = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  expect((server.address() as AddressInfo).port).toBe(port);
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
