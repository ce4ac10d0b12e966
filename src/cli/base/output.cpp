#include "cli/base/output.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace cairn::cli {
namespace {

bool has(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
    return value != nullptr && *value != '\0';
}

bool dumb() {
    const char* term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): one thread
    return term == nullptr || std::string_view{term} == "dumb";
}

}  // namespace

Output::Output(int descriptor)
    : descriptor_{descriptor},
      terminal_{isatty(descriptor) == 1},
      colour_{terminal_ && !dumb() && !has("NO_COLOR")} {}

void Output::write(std::string_view text) {
    while (error_ == 0 && !text.empty()) {
        const ssize_t written = ::write(descriptor_, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            error_ = errno;
        }
    }
}

void Output::line(std::string_view text) { write(std::string{text} + "\n"); }

}  // namespace cairn::cli
