/**
 * Bodies of the HTTP interfaces of scheduler and node daemon, as JSON with these very names
 * (docs/reference/http-api.md).
 */
@NullMarked
package io.offcut.core.api;

import org.jspecify.annotations.NullMarked;
