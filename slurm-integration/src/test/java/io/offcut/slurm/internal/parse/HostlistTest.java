package io.offcut.slurm.internal.parse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostlistTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "n1 | n1",
                "n[1-3,7],m2 | n1 n2 n3 n7 m2",
                "n[008-011] | n008 n009 n010 n011",
                "n[98-101] | n98 n99 n100 n101",
                "r[0-1]n[1-2] | r0n1 r0n2 r1n1 r1n2",
                "gpu[1-2]-ib,login | gpu1-ib gpu2-ib login",
                "cpn-d[13-14]-[06,08] | cpn-d13-06 cpn-d13-08 cpn-d14-06 cpn-d14-08",
            })
    void expands(String list, String hosts) {
        assertThat(Hostlist.expand(list)).containsExactly(hosts.split(" ", -1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "(null)", "None assigned"})
    void standsForNobody(String list) {
        assertThat(Hostlist.expand(list)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "n[1-",
                "n]1[",
                "n[1-3",
                "n[[1]]",
                "n[3-1]",
                "n[a-b]",
                "n[]",
                "n[1,,2]",
                "a,,b",
                "n[-5]",
                "n[1-99999999999]",
                "n[0-999999999]",
                "n[1-2][1-2][1-2][1-2][1-2]",
            })
    void refusesWhatIsMalformedOrTooLong(String list) {
        assertThatThrownBy(() -> Hostlist.expand(list))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a host list");
    }

    @Test
    void refusesMoreNamesThanItsLimit() {
        assertThat(Hostlist.expand("n[1-100000]")).hasSize(Hostlist.MAX_HOSTS);
        assertThatThrownBy(() -> Hostlist.expand("a,n[1-100000]"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Hostlist.expand("n[1-999][1-999][1-999]"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
