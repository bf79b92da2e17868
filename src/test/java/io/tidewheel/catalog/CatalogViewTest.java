package io.tidewheel.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.tidewheel.catalog.CatalogClient.Created;
import io.tidewheel.catalog.CatalogClient.Reply;
import io.tidewheel.catalog.CatalogClient.Unavailable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The catalog is played by a probe, which loses and reorders what a network may. */
class CatalogViewTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
  private final ManualTime time = ManualTime.get(kit.system());
  private final TestProbe<Catalog.Command> catalog = kit.createTestProbe();
  private final PublishedCatalog published = new PublishedCatalog();
  private final ActorRef<CatalogView.Command> view =
      kit.spawn(CatalogView.create(catalog.getRef(), published));
  private final CatalogClient client = CatalogView.client(view, published);

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private static Topic topic(long uid, String name) {
    return new Topic(uid, name, 1, 0, TopicSettings.defaults(1), false, Map.of());
  }

  private static CatalogPage page(long from, long to, long version, Topic... topics) {
    return new CatalogPage(from, to, version, false, List.of(topics), List.of());
  }

  private Catalog.Watch expectWatch(long since) {
    Catalog.Watch watch = catalog.expectMessageClass(Catalog.Watch.class);
    assertThat(watch.since()).isEqualTo(since);
    return watch;
  }

  private void awaitVersion(long version) {
    catalog.awaitAssert(() -> assertThat(client.current().version()).isEqualTo(version));
  }

  @Test
  void answersAChangeOnlyWhenItsSnapshotIncludesIt()
      throws ExecutionException, InterruptedException, TimeoutException {
    Catalog.Watch watch = expectWatch(0);
    CompletableFuture<Reply> reply = client.ensureTopic("t", TIMEOUT).toCompletableFuture();
    Catalog.Execute execute = catalog.expectMessageClass(Catalog.Execute.class);
    Created created = new Created(topic(1, "t"), null);
    execute.replyTo().tell(new Catalog.Answer(execute.requestId(), created, 1));
    expectWatch(0);
    assertThat(reply).isNotDone();
    assertThat(client.current().topic("t")).isNull();

    watch.replyTo().tell(page(0, 1, 1, topic(1, "t")));
    assertThat(reply.get(5, TimeUnit.SECONDS)).isEqualTo(created);
    assertThat(client.current().topic("t")).isEqualTo(topic(1, "t"));
  }

  @Test
  void asksAgainWhenAPageWasLost() {
    Catalog.Watch watch = expectWatch(0);
    watch.replyTo().tell(page(0, 1, 1, topic(1, "t")));
    awaitVersion(1);
    watch.replyTo().tell(page(2, 3, 3, topic(3, "v")));
    expectWatch(1);
    watch.replyTo().tell(page(1, 3, 3, topic(2, "u"), topic(3, "v")));
    awaitVersion(3);
    assertThat(client.current().topics()).containsOnlyKeys("t", "u", "v");
    watch.replyTo().tell(page(0, 1, 1, topic(1, "old")));
    time.timePasses(Duration.ofSeconds(1));
    expectWatch(3);
  }

  @Test
  void publishesNothingBeforeTheLastPage() {
    Catalog.Watch watch = expectWatch(0);
    watch.replyTo().tell(new CatalogPage(0, 4, 9, true, List.of(topic(1, "t")), List.of()));
    Catalog.Watch next = expectWatch(4);
    assertThat(next.base()).isEqualTo(9);
    assertThat(client.current().topics()).isEmpty();
    watch.replyTo().tell(page(4, 9, 9, topic(2, "u")));
    awaitVersion(9);
    assertThat(client.current().topics()).containsOnlyKeys("t", "u");
  }

  @Test
  void aTopicMadeAgainReplacesTheOldOneWholly() {
    Catalog.Watch watch = expectWatch(0);
    watch.replyTo().tell(page(0, 1, 1, topic(1, "t")));
    awaitVersion(1);
    watch.replyTo().tell(new CatalogPage(1, 4, 4, false, List.of(topic(2, "t")), List.of(1L)));
    awaitVersion(4);
    assertThat(client.current().topic("t").uid()).isEqualTo(2);
    assertThat(client.current().topic(1)).isNull();
  }

  @Test
  void aCatalogThatIsSilentIsUnavailableAndTheChangeUnknown()
      throws ExecutionException, InterruptedException, TimeoutException {
    expectWatch(0);
    CompletableFuture<Reply> reply = client.ensureTopic("t", TIMEOUT).toCompletableFuture();
    catalog.expectMessageClass(Catalog.Execute.class);
    time.timePasses(TIMEOUT);
    assertThat(reply.get(5, TimeUnit.SECONDS))
        .isEqualTo(new Unavailable("the catalog did not answer in time", true));
  }

  @Test
  void callersAtTheSameTimeShareOneQuestion()
      throws ExecutionException, InterruptedException, TimeoutException {
    Catalog.Watch watch = expectWatch(0);
    CompletableFuture<CatalogSnapshot> first = client.refresh(TIMEOUT).toCompletableFuture();
    Catalog.AskVersion question = catalog.expectMessageClass(Catalog.AskVersion.class);
    CompletableFuture<CatalogSnapshot> second = client.refresh(TIMEOUT).toCompletableFuture();
    CompletableFuture<CatalogSnapshot> third = client.refresh(TIMEOUT).toCompletableFuture();
    watch.replyTo().tell(page(0, 1, 1, topic(1, "t")));
    question.replyTo().tell(new Catalog.Answer(question.requestId(), null, 1));
    assertThat(first.get(5, TimeUnit.SECONDS).topics()).containsOnlyKeys("t");

    Catalog.AskVersion next = catalog.expectMessageClass(Catalog.AskVersion.class);
    assertThat(second).isNotDone();
    next.replyTo().tell(new Catalog.Answer(next.requestId(), null, 1));
    second.get(5, TimeUnit.SECONDS);
    third.get(5, TimeUnit.SECONDS);
    catalog.expectNoMessage(Duration.ZERO);
  }
}
