#include "app/last_words.hpp"

#include <unistd.h>

#include <new>
#include <string_view>
#include <system_error>

namespace cairn {
namespace {

constexpr const char* kNoMemory =
    "there is not enough memory: let the process have more (ulimit -v, or the limit of its "
    "container), or give the node less to hold";
constexpr const char* kNoThreads =
    "no further thread can be started: let the process have more (ulimit -u, ulimit -v, or the "
    "limit of its container)";

/// Without memory: there may be none.
void write_raw(std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

void put_sentence(const char* sentence) {
    write_raw("cairn: ended: ");
    write_raw(sentence);
    write_raw("\n");
}

}  // namespace

std::string sentence_of(const std::exception& error) {
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return kNoMemory;
    if (const auto* system = dynamic_cast<const std::system_error*>(&error);
        system != nullptr && system->code() == std::errc::resource_unavailable_try_again)
        return kNoThreads;
    return error.what();
}

void say_last_words() noexcept {
    const auto unknown = [] { put_sentence("a fault of the program itself"); };
    try {
        if (const auto error = std::current_exception())
            std::rethrow_exception(error);
        else
            unknown();
    } catch (const std::bad_alloc&) {
        put_sentence(kNoMemory);
    } catch (const std::system_error& error) {
        put_sentence(error.code() == std::errc::resource_unavailable_try_again ? kNoThreads
                                                                               : error.what());
    } catch (const std::exception& error) {
        put_sentence(error.what());
    } catch (...) {
        unknown();
    }
    ::_exit(1);
}

}  // namespace cairn
