// Send messages by node-hl7-client: `node send.mjs PORT COUNT`; prints the code and number of each answer.

import { Client, Message } from "node-hl7-client";

const [port, count] = process.argv.slice(2).map(Number);
const client = new Client({ host: "127.0.0.1" });
let number = 0;

const connection = client.createConnection({ port }, async (answer) => {
  const message = answer.getMessage();
  console.log(`${message.get("MSA.1").toString()} ${message.get("MSA.2").toString()}`);
  await sendNext();
});

connection.on("connect", sendNext);

// One after the other: it queues what is sent too early, and empties its queue only when it connects.
async function sendNext() {
  if (number === count) {
    await connection.close();
    return;
  }
  number += 1;
  await connection.sendMessage(report());
}

function report() {
  const message = new Message({
    messageHeader: { msh_9_1: "ORU", msh_9_2: "R01", msh_10: `N${number}`, msh_11_1: "P" },
  });
  const request = `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
  set(message.addSegment("OBR"), { 1: "1", 2: request, 25: "F" });
  set(message.addSegment("OBX"), { 1: "1", 2: "NM", "3.1": "2085-9", "3.3": "LN", 5: String(40 + number), 6: "mg/dL", 11: "F" });
  return message;
}

function set(segment, fields) {
  for (const [place, value] of Object.entries(fields)) {
    segment.set(place, value);
  }
}
