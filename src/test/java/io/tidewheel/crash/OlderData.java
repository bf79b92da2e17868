package io.tidewheel.crash;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives a broker some of everything that is stored, and writes down what it answers when asked for
 * it: a later build must answer the same of the same data. {@code bin/older-data} keeps both.
 *
 * <p>Arguments: where the broker answers, and the file to write.
 */
public final class OlderData {
  private static final int MESSAGES = 60;
  private static final String TOPIC = "/v1/topics/orders";
  private static final String BILLING = TOPIC + "/subscriptions/billing";

  private final BrokerClient broker;

  private OlderData(BrokerClient broker) {
    this.broker = broker;
  }

  /** Runs it. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    OlderData data = new OlderData(new BrokerClient(arguments[0]));
    data.make();
    Files.writeString(
        Path.of(arguments[1]),
        BrokerClient.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(data.answers())
            + '\n',
        StandardCharsets.UTF_8);
  }

  private void make() throws IOException, InterruptedException {
    put(TOPIC, "{'queues':3,'retention':{'time':'3650d'},'dedup':{'window':'1h','ids':1000}}");
    put(BILLING, "{'start':'earliest','maxAttempts':2,'rateLimit':500,'backends':['database']}");
    put(TOPIC + "/subscriptions/audit", "{'filter':{'kind':[{'prefix':'odd'}]},'order':'none'}");
    put(TOPIC + "/subscriptions/resting", "{'start':'earliest','success':{'target':0}}");
    put("/v1/backends/database", "{'budget':1000}");
    put("/v1/topics/invoices", "{'ttl':'365d','maxBacklogBytes':1000000}");
    put("/v1/topics/deleted", "{}");
    broker.send(broker.request("/v1/topics/deleted").DELETE()).expect(204);
    publish();
    settle("ack", 20);
    settle("reject", 2);
    settle("nack", 4);
    post(BILLING + ":seek", "{'offsets':{'2':5}}");
    settle("ack", 3);
    post(TOPIC + "/subscriptions/resting:pause", "{}");
  }

  private void publish() throws IOException, InterruptedException {
    ArrayNode messages = BrokerClient.MAPPER.createArrayNode();
    for (int i = 0; i < MESSAGES; i++) {
      ObjectNode message = messages.addObject();
      message.put("id", "o-" + i);
      if (i % 3 > 0) {
        message.put("key", "customer-" + i % 7);
      }
      message.putObject("headers").put("kind", i % 2 > 0 ? "odd" : "even");
      switch (i % 4) {
        case 0 -> message.putObject("body").put("number", i);
        case 1 -> message.put("bodyText", "text ".repeat(i));
        case 2 -> message.put("bodyBase64", "AAECAwQF");
        default -> message.put("bodyText", "");
      }
    }
    ObjectNode batch = BrokerClient.MAPPER.createObjectNode();
    batch.set("messages", messages);
    broker.post(TOPIC + "/messages:batch", batch).expect(200);
  }

  /** What a subscription gives out is settled, so many. */
  private void settle(String verb, int count) throws IOException, InterruptedException {
    for (int settled = 0; settled < count; ) {
      ObjectNode pull = BrokerClient.MAPPER.createObjectNode();
      pull.put("max", count - settled).put("wait", "5s");
      List<String> receipts = new ArrayList<>();
      broker
          .post(BILLING + "/messages:pull", pull)
          .body()
          .path("messages")
          .forEach(message -> receipts.add(message.path("receipt").asText()));
      if (receipts.isEmpty()) {
        throw new IOException("nothing more to " + verb);
      }
      ObjectNode body = BrokerClient.MAPPER.createObjectNode();
      body.set("receipts", BrokerClient.MAPPER.valueToTree(receipts));
      if (verb.equals("nack")) {
        body.put("delay", "1s");
      } else if (verb.equals("reject")) {
        body.put("reason", "not <b>mine</b>");
      }
      // What was given out behind a failed one of its key goes back with it: 207.
      int status = broker.post(BILLING + "/messages:" + verb, body).status();
      if (status != 200 && status != 207) {
        throw new IOException(verb + " was answered " + status);
      }
      settled += receipts.size();
    }
  }

  private ObjectNode answers() throws IOException, InterruptedException {
    List<String> paths = new ArrayList<>();
    paths.add("/v1/topics");
    for (String topic : List.of("orders", "invoices", "orders~billing")) {
      paths.add("/v1/topics/" + topic);
      paths.add("/v1/topics/" + topic + "/reconciliation");
      int queues = topic.equals("orders") ? 3 : 1;
      for (int queue = 0; queue < queues; queue++) {
        paths.add("/v1/topics/" + topic + "/messages?from=0&max=100&queue=" + queue);
      }
    }
    for (String subscription : List.of("billing", "audit", "resting")) {
      paths.add(TOPIC + "/subscriptions/" + subscription);
    }
    paths.add(BILLING + "/messages?state=dead");
    paths.add("/v1/backends/database");
    ObjectNode answers = BrokerClient.MAPPER.createObjectNode();
    for (String path : paths) {
      BrokerClient.Reply reply = broker.get(path);
      reply.expect(200);
      answers.set(path, reply.body());
    }
    return answers;
  }

  private void put(String path, String json) throws IOException, InterruptedException {
    int status = broker.put(path, json.replace('\'', '"')).status();
    if (status != 201 && status != 200) {
      throw new IOException(path + " was answered " + status);
    }
  }

  private void post(String path, String json) throws IOException, InterruptedException {
    JsonNode body = BrokerClient.MAPPER.readTree(json.replace('\'', '"'));
    broker.post(path, body).expect(200);
  }
}
