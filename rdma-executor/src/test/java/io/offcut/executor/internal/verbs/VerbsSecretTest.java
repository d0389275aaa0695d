package io.offcut.executor.internal.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client shows of the lease's secret. */
class VerbsSecretTest {
    private static final String DIGITS = "0123456789abcdef0123456789abcdef";

    @Test
    void isFoundWhereItWasPutAndNotElsewhere() {
        byte[] request = new byte[24];
        ByteBuffer ignored = VerbsSecret.of(DIGITS).to(ByteBuffer.wrap(request).position(8));
        assertThat(VerbsSecret.of(DIGITS).isAt(request, 8)).isTrue();
        assertThat(VerbsSecret.of("1" + DIGITS.substring(1)).isAt(request, 8)).isFalse();
        assertThat(VerbsSecret.of(DIGITS).isAt(new byte[24], 8)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0123456789abcdef",
                "0123456789abcdef0123456789abcde",
                "0123456789abcdef0123456789abcdef00",
                "0123456789abcdef0123456789abcdeg"
            })
    void whatIsNoSecretIsRefusedAndNotTakenForZeros(String digits) {
        assertThatThrownBy(() -> VerbsSecret.of(digits))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> {
                            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT);
                            assertThat(e).hasMessageContaining("32 hexadecimal digits");
                        });
    }
}
