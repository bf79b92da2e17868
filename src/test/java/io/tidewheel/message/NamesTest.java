package io.tidewheel.message;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
  @ParameterizedTest
  @ValueSource(strings = {"a", "orders", "Orders.v2", "a_b-c.d", "...", "-", "0"})
  void takesLettersDigitsDotsUnderscoresAndHyphens(String name) {
    assertThat(Names.isValid(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ".", "..", "a b", "a/b", "a~b", "ä", "a\n", "\na", "a|b", "%20", "a\u0000"})
  void refusesTheRest(String name) {
    assertThat(Names.isValid(name)).isFalse();
  }

  @Test
  void isAtMostAHundredCharacters() {
    assertThat(Names.isValid("x".repeat(100))).isTrue();
    assertThat(Names.isValid("x".repeat(101))).isFalse();
  }

  @Test
  void deadLetterTopicIsTwoNamesWithATilde() {
    assertThat(Names.deadLetterTopic("orders", "billing")).isEqualTo("orders~billing");
    assertThat(Names.isDeadLetterTopic("orders~billing")).isTrue();
    assertThat(Names.isValid("orders~billing")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"orders", "~", "a~", "~b", "a~b~c", "a~..", "a~b c"})
  void otherNamesAreNoDeadLetterTopics(String name) {
    assertThat(Names.isDeadLetterTopic(name)).isFalse();
  }
}
