package io.offcut.core.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.testing.Seeds;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LeaseTokenTest {
    private static final LeaseTerms TERMS =
            new LeaseTerms(
                    "l1",
                    "r1",
                    "ada",
                    "n1",
                    "o1",
                    "ab".repeat(32),
                    CpuSet.of(1, 2),
                    1L << 30,
                    65_536,
                    -1,
                    1_700_000_000_000L);

    private final KeyPair keys = newKeys();

    @Test
    void carriesTheTermsToWhoeverHasThePublicKey() {
        String token = LeaseToken.sign(TERMS, keys.getPrivate());
        KeyPair other = newKeys();
        assertThat(LeaseToken.verify(token, List.of(other.getPublic(), keys.getPublic())))
                .isEqualTo(TERMS);
    }

    @Test
    void refusesAnotherSchedulersSignature() {
        String token = LeaseToken.sign(TERMS, newKeys().getPrivate());
        assertUnauthorized(token);
    }

    @Test
    void refusesEveryChangedBit() {
        String token = LeaseToken.sign(TERMS, keys.getPrivate());
        int dot = token.indexOf('.');
        byte[] body = Base64.getUrlDecoder().decode(token.substring(0, dot));
        for (int bit = 0; bit < body.length * 8; bit++) {
            byte[] forged = body.clone();
            forged[bit / 8] ^= (byte) (1 << bit % 8);
            assertUnauthorized(
                    Base64.getUrlEncoder().withoutPadding().encodeToString(forged)
                            + token.substring(dot));
        }
    }

    @Test
    void refusesNonsense() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        assertUnauthorized("");
        assertUnauthorized(".");
        assertUnauthorized("a".repeat(100_000) + ".b");
        for (int round = 0; round < 500; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(200); i > 0; i--) {
                text.append((char) random.nextInt(32, 127));
            }
            assertUnauthorized(text.toString());
        }
    }

    private void assertUnauthorized(String token) {
        assertThatThrownBy(() -> LeaseToken.verify(token, List.of(keys.getPublic())))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAUTHORIZED));
    }

    private static KeyPair newKeys() {
        try {
            return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
