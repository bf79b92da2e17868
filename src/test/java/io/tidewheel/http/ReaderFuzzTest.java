package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.message.Message;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.ReceiptCodec;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Readers of what strangers send: a value, or a problem that names what is wrong. */
class ReaderFuzzTest {
  private static final List<String> SEEDS =
      List.of(
          "{\"messages\":[{\"id\":\"a\",\"key\":\"k\",\"headers\":{\"h\":\"v\"},\"body\":[1,{\"x\":\"\\u00e4\"}]}],"
              + "\"timeout\":\"5s\"}",
          "{\"messages\":[{\"bodyBase64\":\"AP8=\",\"contentType\":\"a/b\"},{\"bodyText\":\"ä\\n\"}]}",
          "{\"id\":\"a\",\"body\":\"x\\\"y\",\"delay\":null}",
          "{\"max\":10,\"maxBytes\":99,\"wait\":\"20s\",\"lease\":\"1m\",\"worker\":\"w\",\"version\":\"1\"}",
          "{\"receipts\":[\"a\",\"b\"],\"delay\":\"5s\",\"reason\":\"r\",\"timeout\":\"1s\"}",
          "{\"receipt\":\"a\",\"lease\":\"30s\"}");

  @Property(tries = 5_000)
  void jsonIsReadOrRefusedWithAProblem(@ForAll("bodies") byte[] body) {
    problemOrNothing(() -> BatchReader.read(body));
    problemOrNothing(() -> MessageReader.line(body, 0, body.length));
    problemOrNothing(() -> PullBody.read(body, false));
    problemOrNothing(() -> PullBody.read(body, true));
    problemOrNothing(() -> RedriveBody.read(body));
    for (Route route : List.of(Route.ACK, Route.NACK, Route.RELEASE, Route.REJECT, Route.EXTEND)) {
      problemOrNothing(() -> SettleBody.read(route, body));
    }
    problemOrNothing(() -> Json.object(body));
  }

  @Property(tries = 2_000)
  void aLineIsReadTheSameAmongOthers(
      @ForAll("bodies") byte[] before,
      @ForAll("bodies") byte[] body,
      @ForAll("bodies") byte[] rest) {
    byte[] all = new byte[before.length + body.length + rest.length];
    System.arraycopy(before, 0, all, 0, before.length);
    System.arraycopy(body, 0, all, before.length, body.length);
    System.arraycopy(rest, 0, all, before.length + body.length, rest.length);
    assertThat(read(all, before.length, before.length + body.length))
        .isEqualTo(read(body, 0, body.length));
  }

  private static Object read(byte[] bytes, int start, int end) {
    try {
      Message message = MessageReader.line(bytes, start, end);
      return List.of(message, List.of(String.valueOf(message.contentType())));
    } catch (ProblemException e) {
      return e.problem().type();
    }
  }

  @Property(tries = 5_000)
  void pageTokensAreTakenOrRefused(@ForAll("tokens") String token) {
    problemOrNothing(() -> TopicPages.of(List.of(), null, null, 1, token));
    problemOrNothing(() -> TopicPages.of(List.of(), token, token, 1, null));
    problemOrNothing(() -> TopicPages.of(List.of(), null, "-createdAt", 1, token));
  }

  @Property(tries = 5_000)
  void pathsAndQueriesLeadSomewhereOrAreRefused(@ForAll("paths") String path) {
    try {
      Router.match("POST", path);
    } catch (ProblemException | Router.MethodNotAllowed e) {
      assertThat(e).isNotNull();
    }
    problemOrNothing(() -> QueryText.parse(path, Set.of("a", "prefix")));
  }

  @Property(tries = 5_000)
  void headersAreReadWithoutSurprise(@ForAll String text) {
    assertThat(PercentText.decode(PercentText.encode(valid(text)))).isEqualTo(valid(text));
    assertThat(PercentText.decode(PercentText.encodeName(valid(text)))).isEqualTo(valid(text));
    PercentText.decode(text);
    JsonTypes.isJson(text);
    JsonTypes.isLines(text);
    JsonTypes.isAccepted(text);
    JsonTypes.isRawWanted(List.of(text));
    problemOrNothing(() -> Call.timeLimit("Tidewheel-Timeout", text));
    problemOrNothing(() -> Call.number("max", text, 1, 100));
    problemOrNothing(() -> Call.timeMillis("from", text));
  }

  @Property(tries = 5_000)
  void onlyReceiptsOfThisBrokerAreReceipts(
      @ForAll("receiptTexts") String text, @ForAll @IntRange(max = 200) int at, @ForAll char c) {
    ReceiptCodec codec = new ReceiptCodec(new byte[32]);
    assertThat(codec.decode(text)).isNull();
    String real = codec.encode(new Receipt(1, 2, 3, 4, 5, 6));
    int place = at % real.length();
    String changed = real.substring(0, place) + c + real.substring(place + 1);
    assertThat(codec.decode(changed) == null).isEqualTo(!changed.equals(real));
  }

  private static void problemOrNothing(Runnable read) {
    try {
      read.run();
    } catch (ProblemException e) {
      assertThat(e.problem().type().status()).isBetween(400, 499);
      assertThat(e.problem().detail().length()).isLessThan(70_000);
    }
  }

  private static String valid(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  /** Good bodies with octets changed, cut out and put in; and any octets. */
  @Provide
  Arbitrary<byte[]> bodies() {
    Arbitrary<byte[]> changed =
        Combinators.combine(
                Arbitraries.of(SEEDS),
                Arbitraries.integers().between(0, 200),
                Arbitraries.integers().between(0, 8),
                Arbitraries.of(
                    "",
                    "\"",
                    "\\",
                    "{",
                    "}",
                    "[",
                    "]",
                    ",",
                    ":",
                    "null",
                    "1e999",
                    "-",
                    "\u0000",
                    "\"id\":\"x\",",
                    "\\ud800",
                    "99999999999999999999",
                    "\n",
                    "ä",
                    "true",
                    " "))
            .as(ReaderFuzzTest::change);
    return Arbitraries.oneOf(
        changed,
        changed.map(
            bytes -> {
              byte[] broken = bytes.clone();
              if (broken.length > 9) {
                broken[broken.length / 3] ^= (byte) 0x80;
              }
              return broken;
            }),
        Arbitraries.of(SEEDS).map(seed -> seed.getBytes(StandardCharsets.UTF_8)),
        Arbitraries.bytes().array(byte[].class).ofMaxSize(60));
  }

  private static byte[] change(String seed, int at, int cut, String put) {
    int from = at % seed.length();
    int to = Math.min(seed.length(), from + cut);
    return (seed.substring(0, from) + put + seed.substring(to)).getBytes(StandardCharsets.UTF_8);
  }

  @Provide
  Arbitrary<String> tokens() {
    Arbitrary<String> forged =
        Arbitraries.of(
                "name 1 a",
                "name  a",
                "name 99999999999999999999 a",
                "-createdAt 5 b",
                "name 1 a b",
                " ",
                "name -1 \u0000",
                "createdAt 1")
            .map(
                text ->
                    java.util.Base64.getUrlEncoder()
                        .encodeToString(text.getBytes(StandardCharsets.UTF_8)));
    return Arbitraries.oneOf(forged, Arbitraries.strings().ofMaxLength(60), Arbitraries.of("name"));
  }

  @Provide
  Arbitrary<String> paths() {
    return Arbitraries.of(
            "/",
            "v1",
            "topics",
            "t",
            "messages",
            ":",
            "pull",
            "subscriptions",
            "s",
            "%",
            "%zz",
            "%00",
            "..",
            "~",
            "?",
            "&",
            "=",
            "a=b",
            "prefix=",
            "+",
            "operations",
            "ä",
            "\ud800",
            "health")
        .list()
        .ofMaxSize(14)
        .map(parts -> String.join("", parts));
  }

  @Provide
  Arbitrary<String> receiptTexts() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(130),
        Arbitraries.bytes()
            .array(byte[].class)
            .ofMaxSize(90)
            .map(java.util.Base64.getUrlEncoder().withoutPadding()::encodeToString));
  }
}
