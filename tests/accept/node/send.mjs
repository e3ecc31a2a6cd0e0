// Send messages by node-hl7-client: `node send.mjs PORT COUNT`; prints the code and number of each answer.

import { Client, Message } from "node-hl7-client";

const [port, count] = process.argv.slice(2).map(Number);
const client = new Client({ host: "127.0.0.1" });
let answered = 0;

const connection = client.createConnection({ port, waitAck: true }, async (answer) => {
  const message = answer.getMessage();
  console.log(`${message.get("MSA.1").toString()} ${message.get("MSA.2").toString()}`);
  answered += 1;
  if (answered === count) {
    await connection.close();
  }
});

for (let number = 1; number <= count; number += 1) {
  const message = new Message({
    messageHeader: {
      msh_9_1: "ORU",
      msh_9_2: "R01",
      msh_10: `N${number}`,
      msh_11_1: "P",
    },
  });
  message.set("MSH.3", "EXLAB");
  const request = `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
  const obr = message.addSegment("OBR");
  obr.set("1", "1");
  obr.set("2", request);
  obr.set("25", "F");
  const obx = message.addSegment("OBX");
  obx.set("1", "1");
  obx.set("2", "NM");
  obx.set("3", "2085-9^HDL cholesterol^LN");
  obx.set("5", String(40 + number));
  obx.set("6", "mg/dL");
  obx.set("11", "F");
  await connection.sendMessage(message);
}
