package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.Browser;
import io.tidewheel.cluster.ClusterStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser when members come and its own broker goes. */
@Timeout(120)
class PageMoveIT {
  private static final String PAGE = "/monitor/page.js";
  private static final String REACH = "/monitor/reach.js";

  /** Guards members that join later, which the policy of the page can't name. */
  @Test
  void goesOnAtAMemberThatJoinedAfterItWasOpened(@TempDir Path temp) throws Exception {
    try (ServedBroker joined = live("joined:1");
        Browser browser = Browser.start(temp)) {
      try (ServedBroker first = live("first:1")) {
        browser.show("http://127.0.0.1:" + first.port() + "/#/members", 1280, false);
        browser.awaitText("connected to first:1");
        browser.await(() -> members(browser) == 1);
        first.memory.cluster =
            status("first:1", member("first:1", first), member("joined:1", joined));
        browser.await(() -> members(browser) == 2);
      }
      long goneNanos = System.nanoTime();
      browser.awaitText("connected to joined:1");
      assertThat(Duration.ofNanos(System.nanoTime() - goneNanos)).isLessThan(Duration.ofSeconds(5));
      assertThat(browser.run("return location.hash").asText()).isEqualTo("#/members");
      assertThat(browser.complaints()).noneMatch(each -> each.contains("Content Security Policy"));
    }
  }

  /** The page itself never reaches further than its broker. */
  @Test
  void onlyTheWorkerMayReachMembersAndOnlyThoseOfNow() throws Exception {
    try (ServedBroker first = live("first:1");
        ServedBroker other = live("other:1")) {
      assertThat(policy(first, REACH)).isEqualTo(PageRoutes.POLICY);
      first.memory.cluster = status("first:1", member("first:1", first), member("other:1", other));
      String url = "http://127.0.0.1:" + other.port();
      assertThat(policy(first, REACH)).contains("connect-src 'self' " + url + ";");
      for (String path : List.of("/", PAGE)) {
        assertThat(policy(first, path)).as(path).isEqualTo(PageRoutes.POLICY);
      }
    }
  }

  private static String policy(ServedBroker broker, String path) throws Exception {
    return broker.get(path).headers().firstValue("Content-Security-Policy").orElse("");
  }

  private static int members(Browser browser) {
    return browser.run("return document.querySelectorAll('main tbody tr').length").asInt();
  }

  /** One that tells something new each second. */
  private static ServedBroker live(String node) {
    ServedBroker broker = new ServedBroker(true, Map.of());
    AtomicLong surveys = new AtomicLong();
    broker.memory.surveyedAt = surveys::incrementAndGet;
    broker.memory.cluster = status(node, member(node, broker));
    return broker;
  }

  private static ClusterStatus status(String node, ClusterStatus.MemberStatus... members) {
    return new ClusterStatus(
        node, 1, members.length, true, "serving", null, List.of(), List.of(members));
  }

  private static ClusterStatus.MemberStatus member(String node, ServedBroker broker) {
    String url = "http://127.0.0.1:" + broker.port();
    return new ClusterStatus.MemberStatus(
        node, 1, List.of("broker"), "up", "z", true, false, 0, url);
  }
}
