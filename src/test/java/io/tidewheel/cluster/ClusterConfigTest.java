package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterConfigTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7})
  void everyNumberOfBrokersThatMayServeDividesTheShards(int brokers) {
    int quorum = brokers / 2 + 1;
    int shards = ClusterConfig.shards(brokers, quorum);
    for (int serving = quorum; serving <= brokers; serving++) {
      assertThat(shards % serving).isZero();
    }
    assertThat(shards).isBetween(Math.max(12, 4 * brokers), 420);
  }

  @Test
  void threeBrokersHaveFewAndManyHaveNotMoreThanSeven() {
    assertThat(ClusterConfig.shards(3, 2)).isEqualTo(12);
    assertThat(ClusterConfig.shards(8, 5)).isEqualTo(420);
    assertThat(ClusterConfig.shards(99, 50)).isEqualTo(420);
  }
}
