package io.offcut.core.lease;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Base64;
import java.util.Collection;

/**
 * Lease terms signed by the scheduler, as one line of text: {@code
 * base64url(terms).base64url(signature)}, Ed25519 (RFC 8032).
 *
 * <p>A node verifies it offline. The text is a credential: it must not reach a log, a command line
 * or an error.
 */
public final class LeaseToken {
    private static final int FORMAT_VERSION = 1;
    private static final int MAX_CHARS = 8192;
    private static final String ALGORITHM = "Ed25519";

    private LeaseToken() {}

    /** Signs the terms. */
    public static String sign(LeaseTerms terms, PrivateKey key) {
        byte[] body = encode(terms);
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(key);
            signature.update(body);
            Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
            return base64.encodeToString(body) + "." + base64.encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot sign with " + ALGORITHM, e);
        }
    }

    /**
     * Checks the signature against each key and reads the terms. Expiry and node are the caller's
     * to check.
     *
     * @throws OffcutException {@link ErrorCode#UNAUTHORIZED} if the text is not a token signed by
     *     one of the keys
     */
    public static LeaseTerms verify(String token, Collection<PublicKey> keys) {
        int dot = token.indexOf('.');
        if (token.length() > MAX_CHARS || dot < 0) {
            throw refused();
        }
        try {
            byte[] body = Base64.getUrlDecoder().decode(token.substring(0, dot));
            byte[] signed = Base64.getUrlDecoder().decode(token.substring(dot + 1));
            for (PublicKey key : keys) {
                Signature signature = Signature.getInstance(ALGORITHM);
                signature.initVerify(key);
                signature.update(body);
                if (signature.verify(signed)) {
                    return decode(body);
                }
            }
        } catch (IllegalArgumentException | GeneralSecurityException | IOException e) {
            throw refused();
        }
        throw refused();
    }

    private static OffcutException refused() {
        return new OffcutException(
                ErrorCode.UNAUTHORIZED,
                "the lease token is not one this scheduler signed; ask for a new lease");
    }

    private static byte[] encode(LeaseTerms terms) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(FORMAT_VERSION);
            out.writeUTF(terms.leaseId());
            out.writeUTF(terms.requestId());
            out.writeUTF(terms.user());
            out.writeUTF(terms.nodeName());
            out.writeUTF(terms.offerId());
            out.writeUTF(terms.bundle());
            out.writeUTF(terms.cores().toString());
            out.writeLong(terms.memoryBytes());
            out.writeInt(terms.payloadBytes());
            out.writeLong(terms.hotTimeoutMicros());
            out.writeLong(terms.expiresAtEpochMillis());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static LeaseTerms decode(byte[] body) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(body))) {
            if (in.readByte() != FORMAT_VERSION) {
                throw new OffcutException(
                        ErrorCode.WRONG_VERSION,
                        "the lease token has another format version; upgrade node and scheduler together");
            }
            return new LeaseTerms(
                    in.readUTF(),
                    in.readUTF(),
                    in.readUTF(),
                    in.readUTF(),
                    in.readUTF(),
                    in.readUTF(),
                    CpuSet.parse(in.readUTF()),
                    in.readLong(),
                    in.readInt(),
                    in.readLong(),
                    in.readLong());
        }
    }
}
