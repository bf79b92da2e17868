package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.message.Limits;
import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageBatch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Guards answers that go to another node: one that is larger than a frame never arrives. */
class AnswerSizeTest {
  private static final Policy POLICY = new Policy(SubscriptionSettings.DEFAULTS, true);
  private static final Now NOW = new Now(1_000_000, 1_000_000);
  private static final int COUNT = 600;

  @ParameterizedTest
  @ValueSource(strings = {"", "one-key"})
  void headersCountAsWell(String key) {
    Deliveries deliveries =
        new Deliveries(
            70,
            0,
            SubscriptionState.opened(0),
            0,
            new WindowBudget(64 << 20, 64 << 20),
            new Random(1));
    Message message = withHeaders(key.isEmpty() ? null : key);
    deliveries.extendTo(COUNT);
    deliveries.read(
        0, List.of(new MessageBatch(1, 0, 1, Collections.nCopies(COUNT, message))), POLICY, NOW);
    List<Integer> sizes = new ArrayList<>();
    int given = 0;
    for (List<Delivery> answer = pull(deliveries); !answer.isEmpty(); answer = pull(deliveries)) {
      sizes.add(answer.size());
      given += answer.size();
      if (!key.isEmpty()) {
        break;
      }
    }
    int most = Limits.MAX_PULL_WEIGHT / message.weight();
    assertThat(most).isBetween(10, 99);
    assertThat(sizes).first().isEqualTo(most);
    assertThat(sizes).allMatch(size -> size <= most);
    if (key.isEmpty()) {
      assertThat(given).isEqualTo(COUNT);
    }
  }

  private static Message withHeaders(@Nullable String key) {
    String value = "v".repeat(Limits.MAX_HEADER_BYTES - 16);
    // More than payload alone would let through, were headers not counted.
    return Message.of(
        null,
        key,
        Map.of("h", value, "i", "w".repeat(15)),
        null,
        new byte[32 << 10],
        Message.FOR_ALL,
        Message.NEVER);
  }

  private static List<Delivery> pull(Deliveries deliveries) {
    return deliveries.pull(
        new Deliveries.Request(
            Limits.MAX_PULL_MESSAGES,
            Limits.MAX_PULL_BYTES,
            0,
            WorkerName.NONE,
            null,
            Settings.TALLY,
            1),
        POLICY,
        NOW);
  }
}
