package io.offcut.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostListTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "n1 | n1",
                "n[1-3,7],m2 | n1 n2 n3 n7 m2",
                "n[008-011] | n008 n009 n010 n011",
                "n[98-101] | n98 n99 n100 n101",
                "r[0-1]n[1-2] | r0n1 r0n2 r1n1 r1n2",
                "a,b[08-11],r[1-2]n[3,5],c[7]x | a b08 b09 b10 b11 r1n3 r1n5 r2n3 r2n5 c7x",
                "gpu[1-2]-ib,login | gpu1-ib gpu2-ib login",
                "cpn-d[13-14]-[06,08] | cpn-d13-06 cpn-d13-08 cpn-d14-06 cpn-d14-08",
            })
    void expands(String list, String hosts) {
        assertThat(HostList.expand(list)).containsExactly(hosts.split(" ", -1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "(null)", "None assigned"})
    void standsForNobody(String list) {
        assertThat(HostList.expand(list)).isEmpty();
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
                "a b",
                "a[1-]",
                "a[0-999]b[0-999]",
                "n[-5]",
                "n[1-99999999999]",
                "n[0-999999999]",
                "n[1-2][1-2][1-2][1-2][1-2]",
            })
    void refusesWhatIsMalformedOrTooLong(String list) {
        assertThatThrownBy(() -> HostList.expand(list))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a host list");
        assertThat(HostList.expandOrNone(list)).isEmpty();
    }

    @Test
    void refusesMoreNamesThanItsLimit() {
        assertThat(HostList.expand("n[1-100000]")).hasSize(HostList.MAX_HOSTS);
        assertThatThrownBy(() -> HostList.expand("a,n[1-100000]"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> HostList.expand("n[1-999][1-999][1-999]"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
