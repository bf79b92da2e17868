package io.tidewheel.http;

import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Message;
import io.tidewheel.message.Names;
import io.tidewheel.queue.Browser;
import io.tidewheel.subscription.DeadMessage;
import io.tidewheel.subscription.Looks;
import io.tidewheel.subscription.Sighting;
import io.tidewheel.worker.Locator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Pages of a subscription's messages by where they are. */
final class ListRoutes {
  private static final int DEFAULT_SIZE = 100;
  private static final int MAX_SIZE = 1_000;
  private static final long MIN_LOOK_NANOS = 1_000_000;
  private static final String DEAD = "dead";
  private static final List<String> STATES = List.of("waiting", "dispatchable", "leased", DEAD);

  private final Locator locator;
  private final Browser browser;
  private final Lookup lookup;
  private final LongSupplier nanoTime;

  ListRoutes(Broker broker, Lookup lookup) {
    this.locator = broker.locator();
    this.browser = broker.browser();
    this.lookup = lookup;
    this.nanoTime = broker.nanoTime();
  }

  CompletionStage<Answer> list(Call call) {
    String state = call.query("state");
    if (state == null || !STATES.contains(state)) {
      throw Problem.of(ProblemType.MALFORMED, "state must be one of " + String.join(", ", STATES))
          .toException();
    }
    int size = call.size("pageSize", DEFAULT_SIZE, MAX_SIZE);
    return lookup
        .subscription(call)
        .thenCompose(
            found ->
                state.equals(DEAD) ? dead(call, found, size) : alive(call, found, size, state));
  }

  private CompletionStage<Answer> alive(Call call, Lookup.Found found, int size, String state) {
    Looks.Kind kind = Looks.Kind.valueOf(state.toUpperCase(Locale.ROOT));
    return page(call, found.topic(), found.subscription(), kind, state, size);
  }

  /** They wait in their topic until they are redriven, for the subscription that belongs to it. */
  private CompletionStage<Answer> dead(Call call, Lookup.Found found, int size) {
    String name = Names.deadLetterTopic(found.topic().name(), found.subscription().name());
    return lookup
        .find(name, call.timeLeft())
        .thenCompose(
            topic -> {
              Topic.Subscription keeper = topic == null ? null : topic.builtIn();
              if (topic == null || keeper == null) {
                return CompletableFuture.completedFuture(
                    Answer.of(Responses.json(200, new JsonBytes(64).literal("{\"messages\":[]}"))));
              }
              return page(call, topic, keeper, Looks.Kind.OPEN, DEAD, size);
            });
  }

  private CompletionStage<Answer> page(
      Call call,
      Topic topic,
      Topic.Subscription subscription,
      Looks.Kind kind,
      String state,
      int size) {
    String question = subscription.uid() + " " + state;
    PageToken from =
        PageToken.parse("pageToken", call.query("pageToken"), question, topic.settings().queues());
    long deadlineNanos = nanoTime.getAsLong() + call.timeLeft().toNanos() / 2;
    Page page = new Page(topic, subscription, kind, question, size, deadlineNanos);
    return page.fill(from.step(), from.offset())
        .thenApply(next -> Answer.of(Responses.json(200, page.write(next))));
  }

  /**
   * Of a message, what is written.
   *
   * @param dead what it says about itself, if it is a dead letter
   */
  private record Row(
      int queue,
      Sighting sighting,
      long atMillis,
      @Nullable String id,
      @Nullable String key,
      @Nullable DeadMessage dead) {}

  /**
   * One page: queue after queue, each by offset. Ends early when its time or its reads are over.
   */
  private final class Page {
    private final Topic topic;
    private final Topic.Subscription subscription;
    private final Looks.Kind kind;
    private final String question;
    private final int size;
    private final long deadlineNanos;
    private final StoredMessages stored;
    private final List<Row> rows = new ArrayList<>();
    private int unreachable;

    Page(
        Topic topic,
        Topic.Subscription subscription,
        Looks.Kind kind,
        String question,
        int size,
        long deadlineNanos) {
      this.topic = topic;
      this.subscription = subscription;
      this.kind = kind;
      this.question = question;
      this.size = size;
      this.deadlineNanos = deadlineNanos;
      this.stored = new StoredMessages(browser, topic, nanoTime, deadlineNanos);
    }

    /** Fills it from a place on; gives where the next one begins, null if nothing follows. */
    CompletionStage<@Nullable PageToken> fill(int queue, long from) {
      if (queue == topic.settings().queues()) {
        return CompletableFuture.completedFuture(null);
      }
      int room = size - rows.size();
      if (room == 0 || stored.isOver()) {
        return CompletableFuture.completedFuture(new PageToken(question, queue, from));
      }
      return locator
          .look(topic, subscription, queue, new Looks.ListOf(kind, from, room), lookTime())
          .thenCompose(
              answer -> {
                if (answer instanceof Looks.Listed listed) {
                  return add(queue, listed);
                }
                unreachable++;
                return fill(queue + 1, 0);
              });
    }

    private Duration lookTime() {
      long leftNanos = Math.max(MIN_LOOK_NANOS, deadlineNanos - nanoTime.getAsLong());
      return Duration.ofNanos(Math.min(leftNanos, LocateRoutes.MAX_LOOK.toNanos()));
    }

    private CompletionStage<@Nullable PageToken> add(int queue, Looks.Listed listed) {
      Map<Long, Sighting> byOffset = new TreeMap<>();
      listed.sightings().forEach(seen -> byOffset.put(seen.offset(), seen));
      List<Long> offsets = List.copyOf(byOffset.keySet());
      return stored
          .read(queue, offsets, each -> row(each, byOffset))
          .thenCompose(
              found -> {
                rows.addAll(found.messages());
                boolean isCut =
                    !offsets.isEmpty() && found.next() <= offsets.get(offsets.size() - 1);
                return isCut || listed.hasMore()
                    ? CompletableFuture.completedFuture(
                        new PageToken(question, queue, found.next()))
                    : fill(queue + 1, 0);
              });
    }

    private Row row(Stored each, Map<Long, Sighting> byOffset) {
      Message message = each.message();
      return new Row(
          each.queue(),
          Objects.requireNonNull(byOffset.get(each.offset())),
          each.atMillis(),
          message.id(),
          message.key(),
          kind == Looks.Kind.OPEN ? DeadMessage.read(message) : null);
    }

    JsonBytes write(@Nullable PageToken next) {
      JsonBytes json = new JsonBytes(64 + 300 * rows.size());
      json.literal("{\"messages\":[");
      for (int i = 0; i < rows.size(); i++) {
        json.literal(i == 0 ? "{" : ",{");
        writeRow(json, rows.get(i));
        json.literal("}");
      }
      json.literal("]");
      if (next != null) {
        json.literal(",\"nextPageToken\":").string(next.text());
      }
      if (unreachable > 0) {
        json.literal(",\"queuesUnreachable\":").number(unreachable);
      }
      return json.literal("}");
    }
  }

  private static void writeRow(JsonBytes json, Row row) {
    if (row.dead() == null) {
      writeAlive(json, row);
    } else {
      writeDead(json, row, row.dead());
    }
  }

  private static void writeAlive(JsonBytes json, Row row) {
    place(json, row.queue(), row.sighting().offset(), row.id(), row.key());
    json.literal(",\"attempt\":").number(row.sighting().attempts() + 1L);
    SightingWriter.time(json, "publishedAt", row.atMillis());
    SightingWriter.facts(json, row.sighting());
  }

  /** Under the place that it had while it lived. */
  private static void writeDead(JsonBytes json, Row row, DeadMessage facts) {
    place(json, facts.queue(), facts.offset(), facts.id(), row.key());
    json.literal(",\"attempts\":").number(facts.attempts());
    String publishedAt = facts.publishedAt();
    if (publishedAt != null) {
      json.literal(",\"publishedAt\":").string(publishedAt);
    }
    SightingWriter.time(json, "at", row.atMillis());
    json.literal(",\"reason\":").string(facts.reason());
    json.literal(",\"deadLetter\":{\"queue\":").number(row.queue());
    json.literal(",\"offset\":").number(row.sighting().offset()).literal("}");
  }

  private static void place(
      JsonBytes json, int queue, long offset, @Nullable String id, @Nullable String key) {
    json.literal("\"queue\":").number(queue).literal(",\"offset\":").number(offset);
    json.literal(",\"id\":").string(Stored.id(id, queue, offset));
    if (key != null) {
      json.literal(",\"key\":").string(key);
    }
  }
}
