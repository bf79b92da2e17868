package io.tidewheel.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.SubscriptionSettings.Condition;
import io.tidewheel.catalog.SubscriptionSettings.Condition.Kind;
import io.tidewheel.catalog.SubscriptionSettings.MaxLag;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsPatchTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TopicSettings TOPIC = TopicSettings.defaults(1);

  static ObjectNode json(String text) {
    try {
      return (ObjectNode) JSON.readTree(text.replace('\'', '"'));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static TopicSettings topic(TopicSettings current, String patch) {
    TopicSettingsPatch result = TopicSettingsPatch.of(current, TOPIC, json(patch));
    assertThat(result.errors()).isEmpty();
    return result.settings();
  }

  private static SubscriptionSettings subscription(SubscriptionSettings current, String patch) {
    SubscriptionSettingsPatch result = SubscriptionSettingsPatch.of(current, json(patch));
    assertThat(result.errors()).isEmpty();
    return result.settings();
  }

  @Test
  void anAbsentFieldKeepsAndNullResets() {
    TopicSettings changed =
        topic(TOPIC, "{'retention':{'time':'7d','bytes':5},'dedup':{'ids':3},'ttl':'1h'}");

    assertThat(changed.retentionTime()).isEqualTo(Duration.ofDays(7));
    assertThat(changed.ttl()).isEqualTo(Duration.ofHours(1));
    assertThat(topic(changed, "{}")).isEqualTo(changed);
    assertThat(topic(changed, "{'retention':{'time':null}}").retentionBytes()).isEqualTo(5);
    assertThat(topic(changed, "{'retention':null,'dedup':null,'ttl':null}")).isEqualTo(TOPIC);
  }

  @Test
  void everyTopicSettingIsWrittenAsItIsRead() {
    String text =
        "{'queues':8,'retention':{'time':'0s','bytes':0},'maxMessageBytes':8388608,"
            + "'maxBacklogBytes':65536,'dedup':{'window':'24h','ids':15000},'ttl':'90s'}";

    assertThat(SettingsJson.of(topic(TOPIC, text))).hasToString(json(text).toString());
    assertThat(topic(TOPIC, SettingsJson.of(TOPIC).toString())).isEqualTo(TOPIC);
  }

  @Test
  void everySubscriptionSettingIsWrittenAsItIsRead() {
    String text =
        "{'expiresAfter':'7d','lease':'1m','maxAttempts':3,'onDead':'park-key',"
            + "'backoff':{'min':'250ms','max':'2h','factor':1.5,'jitter':0.0},'order':'none',"
            + "'delivery':'at-most-once','rateLimit':12.5,'maxInFlight':7,"
            + "'filter':{'a':['x','y',{'prefix':['p']},{'exists':false}],"
            + "'b':[{'anythingBut':['q']}]},'maxLag':{'bytes':null,'messages':10,'then':'skip'},"
            + "'success':{'target':0.5,'window':'1m','minRate':2.0},'backends':['b1','b2'],"
            + "'zone':'z1','paused':true}";
    SubscriptionSettings settings = subscription(SubscriptionSettings.DEFAULTS, text);

    assertThat(SettingsJson.of(settings)).hasToString(json(text).toString());
    assertThat(settings.maxLag()).isEqualTo(new MaxLag(null, 10L, true));
    assertThat(settings.filter())
        .containsEntry("b", List.of(new Condition(Kind.ANYTHING_BUT, List.of("q"))));
    assertThat(subscription(settings, "{}")).isEqualTo(settings);
  }

  @Test
  void nullResetsEverySubscriptionSetting() {
    SubscriptionSettings other =
        subscription(
            SubscriptionSettings.DEFAULTS,
            "{'lease':'5s','backoff':{'min':'2s'},'maxLag':{'bytes':9},'filter':{'a':'b'},"
                + "'success':{'target':0.1},'zone':'z','paused':true}");
    assertThat(
            subscription(
                other,
                "{'lease':null,'backoff':null,'maxLag':null,'filter':null,'success':null,"
                    + "'zone':null,'paused':null}"))
        .isEqualTo(SubscriptionSettings.DEFAULTS);
  }

  @Test
  void aLoneAlternativeOfAFilterNeedsNoList() {
    Map<String, List<Condition>> filter =
        subscription(SubscriptionSettings.DEFAULTS, "{'filter':{'a':'x','b':{'prefix':'y'}}}")
            .filter();
    assertThat(filter)
        .isEqualTo(
            Map.of(
                "a", List.of(new Condition(Kind.EQUALS, List.of("x"))),
                "b", List.of(new Condition(Kind.PREFIX, List.of("y")))));
  }

  @Test
  void aStartIsAWordOrATime() {
    assertThat(start("'earliest'")).isEqualTo(SubscriptionSettingsPatch.Start.EARLIEST);
    assertThat(start("'latest'")).isEqualTo(SubscriptionSettingsPatch.Start.LATEST);
    assertThat(start("null")).isNull();
    SubscriptionSettingsPatch.Start time = start("'2031-05-17T08:30:00.250Z'");
    assertThat(time.position()).isEqualTo(Topic.StartPosition.TIME);
    assertThat(Instant.ofEpochMilli(time.atMillis())).hasToString("2031-05-17T08:30:00.250Z");
    assertThat(start("'2031-05-17T10:30:00.250+02:00'")).isEqualTo(time);
  }

  private static SubscriptionSettingsPatch.Start start(String value) {
    SubscriptionSettingsPatch patch =
        SubscriptionSettingsPatch.of(
            SubscriptionSettings.DEFAULTS, json("{'start':" + value + "}"));
    assertThat(patch.errors()).isEmpty();
    return patch.start();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'queues':0}|/queues|a whole number from 1 to 1024, but got 0",
        "{'queues':1025}|/queues|1 to 1024",
        "{'queues':1.5}|/queues|whole number",
        "{'queues':'4'}|/queues|whole number from 1 to 1024, but got \"4\"",
        "{'queues':99999999999999999999}|/queues|whole number",
        "{'retention':5}|/retention|expected an object, but got 5",
        "{'retention':{'time':60}}|/retention/time|with its unit like \"30s\" or \"250ms\"",
        "{'retention':{'time':'1w'}}|/retention/time|250ms, 30s, 10m, 2h or 7d",
        "{'retention':{'time':true}}|/retention/time|a duration from",
        "{'retention':{'bytes':-1}}|/retention/bytes|whole number",
        "{'retention':{'count':1}}|/retention/count|unknown field, expected one of bytes, time",
        "{'maxMessageBytes':8388609}|/maxMessageBytes|1 to 8388608",
        "{'maxBacklogBytes':1}|/maxBacklogBytes|from 65536",
        "{'dedup':{'window':'25h'}}|/dedup/window|from 0s to 24h",
        "{'dedup':{'ids':15001}}|/dedup/ids|from 0 to 15000",
        "{'ttl':'0s'}|/ttl|from 1s",
        "{'a/b~c':1}|/a~1b~0c|unknown field",
      })
  void namesWhatIsWrongWithATopic(String patch, String pointer, String detail) {
    assertOneError(TopicSettingsPatch.of(TOPIC, TOPIC, json(patch)).errors(), pointer, detail);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'start':'newest'}|/start|\"earliest\", \"latest\" or a time",
        "{'start':5}|/start|but got 5",
        "{'start':'2031-05-17'}|/start|a time like",
        "{'expiresAfter':'1ms'}|/expiresAfter|from 1s",
        "{'lease':'999ms'}|/lease|from 1s to 12h",
        "{'lease':'13h'}|/lease|from 1s to 12h",
        "{'maxAttempts':0}|/maxAttempts|1 to 1000",
        "{'maxAttempts':1001}|/maxAttempts|1 to 1000",
        "{'onDead':'PASS'}|/onDead|one of \"park-key\", \"pass\", but got \"PASS\"",
        "{'backoff':{'min':'10m'}}|/backoff/max|at least min, which is 10m, but got 5m",
        "{'backoff':{'max':'13h'}}|/backoff/max|to 12h",
        "{'backoff':{'factor':0.5}}|/backoff/factor|from 1 to 100",
        "{'backoff':{'jitter':1.1}}|/backoff/jitter|from 0 to 1",
        "{'order':true}|/order|one of",
        "{'delivery':'exactly-once'}|/delivery|\"at-least-once\", \"at-most-once\"",
        "{'rateLimit':0}|/rateLimit|a number from 0.001",
        "{'rateLimit':'1/s'}|/rateLimit|a number",
        "{'maxInFlight':0}|/maxInFlight|whole number",
        "{'filter':[]}|/filter|an object of conditions",
        "{'filter':{'h':[]}}|/filter|header h: expected 1 to 64 alternatives",
        "{'filter':{'h':[5]}}|/filter|header h",
        "{'filter':{'h':[{'suffix':'x'}]}}|/filter|{\"suffix\":\"x\"}",
        "{'filter':{'h':[{'exists':'yes'}]}}|/filter|true or false",
        "{'filter':{'':['x']}}|/filter|header names",
        "{'maxLag':{'then':'skip'}}|/maxLag|bytes or messages",
        "{'maxLag':{'bytes':0}}|/maxLag/bytes|whole number",
        "{'success':{'target':2}}|/success/target|from 0 to 1",
        "{'success':{'window':'1ms'}}|/success/window|from 1s",
        "{'success':{'minRate':0}}|/success/minRate|number",
        "{'backends':'b'}|/backends|a list",
        "{'backends':['']}|/backends|a name of",
        "{'zone':'a b'}|/zone|a name of",
        "{'paused':'no'}|/paused|true or false",
        "{'Lease':'5s'}|/Lease|unknown field",
      })
  void namesWhatIsWrongWithASubscription(String patch, String pointer, String detail) {
    List<CatalogClient.FieldError> errors =
        SubscriptionSettingsPatch.of(SubscriptionSettings.DEFAULTS, json(patch)).errors();
    assertThat(errors).anySatisfy(error -> assertOneError(List.of(error), pointer, detail));
  }

  private static void assertOneError(
      List<CatalogClient.FieldError> errors, String pointer, String detail) {
    assertThat(errors)
        .singleElement()
        .satisfies(
            error -> {
              assertThat(error.pointer()).isEqualTo(pointer);
              assertThat(error.detail()).contains(detail);
            });
  }

  @Test
  void reportsEverythingThatIsWrongAtOnce() {
    assertThat(
            TopicSettingsPatch.of(
                    TOPIC, TOPIC, json("{'queues':0,'retention':{'time':1,'x':2},'y':3}"))
                .errors())
        .extracting(CatalogClient.FieldError::pointer)
        .containsExactlyInAnyOrder("/queues", "/retention/time", "/retention/x", "/y");
  }

  @ParameterizedTest
  @ValueSource(strings = {"NaN", "Infinity", "-Infinity"})
  void refusesNumbersThatAreNone(String number) {
    ObjectNode patch = JSON.createObjectNode();
    patch.put("rateLimit", Double.parseDouble(number));
    assertThat(SubscriptionSettingsPatch.of(SubscriptionSettings.DEFAULTS, patch).errors())
        .hasSize(1);
  }
}
