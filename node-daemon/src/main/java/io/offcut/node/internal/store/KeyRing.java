package io.offcut.node.internal.store;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The scheduler's public keys, remembered on disk so that tokens can be verified while the
 * scheduler is away. Safe for use by any thread.
 */
public final class KeyRing {
    private static final Logger log = LoggerFactory.getLogger(KeyRing.class);
    private static final int MAX_KEYS = 16;
    private static final int MAX_FILE_BYTES = 64 * 1024;

    private final Path file;
    private volatile List<PublicKey> keys = List.of();

    /** Reads the keys of an earlier run. Blocks. */
    public KeyRing(Path file) {
        this.file = file;
        try {
            byte[] known = AtomicFile.read(file, MAX_FILE_BYTES);
            if (known != null) {
                keys = decode(new String(known, StandardCharsets.US_ASCII).lines().toList());
            }
        } catch (IOException e) {
            log.warn("cannot read {} ({}); waiting for the scheduler's keys", file, e.toString());
        }
    }

    /** These are the keys from now on: X.509, base64. Blocks while they are written down. */
    public void replace(List<String> encoded) {
        List<PublicKey> next = decode(encoded);
        if (next.isEmpty()) {
            log.warn("the scheduler sent no usable key; keeping the {} known ones", keys.size());
        } else if (!next.equals(keys)) {
            keys = next;
            AtomicFile.write(file, String.join("\n", encoded).getBytes(StandardCharsets.US_ASCII));
        }
    }

    /**
     * The terms of a token.
     *
     * @throws OffcutException {@link ErrorCode#UNAUTHORIZED} if it is not signed by a known key;
     *     {@link ErrorCode#UNREACHABLE} while no key is known
     */
    public LeaseTerms verify(String token) {
        List<PublicKey> known = keys;
        if (known.isEmpty()) {
            throw new OffcutException(
                    ErrorCode.UNREACHABLE,
                    "this node has not met its scheduler yet and cannot verify leases; try again");
        }
        return LeaseToken.verify(token, known);
    }

    private static List<PublicKey> decode(List<String> encoded) {
        List<PublicKey> decoded = new ArrayList<>();
        for (String text : encoded.stream().limit(MAX_KEYS).toList()) {
            try {
                byte[] bytes = Base64.getDecoder().decode(text);
                decoded.add(
                        KeyFactory.getInstance("Ed25519")
                                .generatePublic(new X509EncodedKeySpec(bytes)));
            } catch (IllegalArgumentException | GeneralSecurityException e) {
                log.warn("a key of the scheduler is not an Ed25519 key in X.509 encoding: ignored");
            }
        }
        return List.copyOf(decoded);
    }
}
