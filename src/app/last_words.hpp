#pragma once

#include <exception>
#include <string>

namespace cairn {

/// What an exception that nobody could go on after means to the user, as a sentence.
[[nodiscard]] std::string sentence_of(const std::exception& error);

/// Ends the process with status 1 and one sentence on standard error, instead of an abort without
/// one: for std::set_terminate. What was acknowledged is durable at any time.
[[noreturn]] void say_last_words() noexcept;

}  // namespace cairn
