package io.offcut.executor.internal.verbs;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/** What a client shows in the private data of connecting: 16 bytes, of 32 hexadecimal digits. */
public final class VerbsSecret {
    private static final int BYTES = 16;

    private final byte[] bytes;

    private VerbsSecret(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Reads it.
     *
     * @throws OffcutException {@code INVALID_INPUT} if it is anything else: who shows a made-up
     *     secret in its place must not be let in
     */
    public static VerbsSecret of(String digits) {
        try {
            byte[] bytes = HexFormat.of().parseHex(digits);
            if (bytes.length == BYTES) {
                return new VerbsSecret(bytes);
            }
        } catch (IllegalArgumentException e) {
            // What it says would show the secret.
        }
        throw new OffcutException(
                ErrorCode.INVALID_INPUT,
                "the secret of the lease is not "
                        + 2 * BYTES
                        + " hexadecimal digits; use the same release on both sides");
    }

    /** Appends it. */
    public ByteBuffer to(ByteBuffer request) {
        return request.put(bytes);
    }

    /** Whether it lies there, in a time that does not tell where it differs. */
    public boolean isAt(byte[] request, int offset) {
        return MessageDigest.isEqual(Arrays.copyOfRange(request, offset, offset + BYTES), bytes);
    }
}
