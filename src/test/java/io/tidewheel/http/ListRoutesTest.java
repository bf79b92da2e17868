package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.message.Message;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ListRoutesTest {
  private static final String PATH = "/v1/topics/t/subscriptions/s/messages?state=leased";

  private final ServedBroker served = new ServedBroker(false, Map.of());

  @AfterEach
  void stop() {
    served.close();
  }

  /** Guards against a page that holds the payloads of all its messages at once. */
  @Test
  void aPageThatReadMuchEndsAndTheNextGoesOn() throws Exception {
    int size = 8 << 20;
    Message large = Message.of(new byte[size]);
    var topic = served.memory.addTopic("t", TopicSettings.defaults(2));
    served.memory.publish(topic, Collections.nCopies(20, large), Duration.ofSeconds(1));
    served.put("/v1/topics/t/subscriptions/s", "{}");
    served.memory.locator.listedCount = 20;
    List<String> places = new ArrayList<>();
    List<JsonNode> pages = pages("&pageSize=1000");
    for (JsonNode page : pages) {
      assertThat(page.get("messages").size())
          .isLessThanOrEqualTo((int) (StoredMessages.MAX_BYTES / size));
      page.get("messages")
          .forEach(row -> places.add(row.get("queue").asInt() + "-" + row.get("offset").asInt()));
    }
    List<String> all = new ArrayList<>();
    for (int queue = 0; queue < 2; queue++) {
      for (int offset = 0; offset < 20; offset++) {
        all.add(queue + "-" + offset);
      }
    }
    assertThat(places).isEqualTo(all);
  }

  /** Guards against silent queues that take the time limit of the request one after another. */
  @Test
  void aPageOfSilentQueuesEndsInTime() throws Exception {
    served.memory.addTopic("t", TopicSettings.defaults(3));
    served.put("/v1/topics/t/subscriptions/s", "{}");
    served.memory.locator.isSlow = true;
    int unreachable = 0;
    List<JsonNode> pages = pages("");
    for (JsonNode page : pages) {
      unreachable += page.get("queuesUnreachable").asInt();
    }
    assertThat(unreachable).isEqualTo(3);
    assertThat(pages).hasSizeBetween(2, 4);
    Duration looked =
        served.memory.locator.lookTimes.stream().reduce(Duration.ZERO, Duration::plus);
    assertThat(looked).isLessThan(Duration.ofMillis(210).multipliedBy(pages.size()));
  }

  /** All pages, each asked for with a limit of 400 ms. */
  private List<JsonNode> pages(String parameters) throws Exception {
    List<JsonNode> pages = new ArrayList<>();
    String token = "";
    do {
      HttpRequest.Builder request =
          served.request(PATH + parameters + token).header("Tidewheel-Timeout", "400ms");
      JsonNode page = ServedBroker.json(served.send(request));
      assertThat(page.has("messages")).as("%s", page).isTrue();
      pages.add(page);
      token = "&pageToken=" + page.path("nextPageToken").asText();
    } while (!token.equals("&pageToken=") && pages.size() < 100);
    return pages;
  }
}
