package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.crash.BrokerClient;
import io.tidewheel.crash.MessageId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Reads the whole log of a topic through one node, and tells the checker. */
final class LogBrowser {
  private static final int MAX_TRIES = 60;

  private final Brokers brokers;
  private final String topicPath;
  private final LogChecker checker;

  LogBrowser(Brokers brokers, String topicPath, LogChecker checker) {
    this.brokers = brokers;
    this.topicPath = topicPath;
    this.checker = checker;
  }

  void browse(int broker) throws IOException, InterruptedException {
    BrokerClient client = brokers.client(broker);
    for (int queue = 0; queue < Workload.QUEUES; queue++) {
      List<Long> offsets = new ArrayList<>();
      long from = 0;
      long next = -1;
      long start = 0;
      long end = 0;
      while (next < 0 || next < end) {
        JsonNode page = page(client, queue, from);
        for (JsonNode message : page.path("messages")) {
          long offset = message.path("offset").asLong();
          offsets.add(offset);
          checker.value("broker " + broker, queue, offset, value(message));
        }
        JsonNode extent = page.path("queues").path(0);
        start = extent.path("startOffset").asLong();
        // Where it ended when it was first looked at: nothing is published any more.
        end = next < 0 ? extent.path("nextOffset").asLong() : end;
        next = extent.path("next").asLong();
        if (next <= from && next < end) {
          throw new IOException("browsing queue " + queue + " does not get on at " + next);
        }
        from = next;
      }
      checker.shown("broker " + broker, queue, start, end, offsets);
    }
  }

  private JsonNode page(BrokerClient client, int queue, long from)
      throws IOException, InterruptedException {
    String last = "";
    for (int tries = 0; tries < MAX_TRIES; tries++) {
      try {
        BrokerClient.Reply reply =
            client.get(topicPath + "/messages?max=1000&queue=" + queue + "&from=" + from);
        if (reply.status() == 200) {
          return reply.body();
        }
        last = reply.toString();
      } catch (IOException e) {
        last = e.toString();
      }
      // A broker that was hit may be on its way back.
      TimeUnit.MILLISECONDS.sleep(500);
    }
    throw new IOException("browsing queue " + queue + ": " + last);
  }

  private static String value(JsonNode message) throws IOException {
    byte[] payload =
        message.has("bodyBase64")
            ? message.get("bodyBase64").binaryValue()
            : message.path("bodyText").asText().getBytes(StandardCharsets.UTF_8);
    MessageId id = FaultWorker.idIn(payload);
    boolean isWhole = Arrays.equals(payload, id.payload(payload.length));
    return isWhole ? id.text() : "not what was published as " + id.text();
  }
}
