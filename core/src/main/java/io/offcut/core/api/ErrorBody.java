package io.offcut.core.api;

import io.offcut.core.ErrorCode;

/** Body of every answer that is not a success. */
public record ErrorBody(ErrorCode error, String message) {}
