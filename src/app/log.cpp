#include "app/log.hpp"

#include <poll.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <mutex>

#include "json/quote.hpp"
#include "json/utf8.hpp"

namespace cairn::log {
namespace {

constexpr std::size_t kValueMax = 1000;  // bytes

Format format_now = Format::text;

/// Standard error, which is never waited for: a pipe that nobody reads and a terminal that was
/// stopped take no line, and must not stop the thread that has one. What is lost is counted.
class NeverWaiting final : public spdlog::sinks::base_sink<std::mutex> {
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        if (lost_ > 0 && takes_more()) {
            const std::string told = std::to_string(std::exchange(lost_, 0));
            spdlog::memory_buf_t before;
            formatter_->format(
                {message.time,
                 {},
                 {},
                 spdlog::level::warn,
                 format_now == Format::json ? R"("event":"log lines lost","times":)" + told
                                            : "log lines lost times=" + told},
                before);
            put(before);
        }
        put(line);
    }
    void flush_() override {}

    /// Of a pipe: 4 KiB (PIPE_BUF) at the least; pipe(7), poll(2).
    static bool takes_more() {
        pollfd waiting{STDERR_FILENO, POLLOUT, 0};
        return ::poll(&waiting, 1, 0) == 1 && (waiting.revents & POLLOUT) != 0;
    }
    void put(const spdlog::memory_buf_t& made) {
        const std::string line = (cut_ ? "\n" : "") + fmt::to_string(made);
        for (std::size_t sent = 0; sent < line.size();) {
            const std::size_t part = std::min<std::size_t>(line.size() - sent, PIPE_BUF);
            const ssize_t count =
                takes_more() ? ::write(STDERR_FILENO, line.data() + sent, part) : 0;
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) {
                ++lost_;
                cut_ = cut_ || sent > 0;
                return;
            }
            cut_ = false;
            sent += static_cast<std::size_t>(count);
        }
    }

    std::uint64_t lost_ = 0;
    bool cut_ = false;  // the last line that was written has no end
};

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            break;
    }
    return spdlog::level::err;
}

void append_value(std::string& out, const Field& field) {
    if (field.is_number) {
        out += field.value;
        return;
    }
    json::append_string(out, json::cut(field.value, kValueMax), json::Quoting::terminal);
}

}  // namespace

void open(Level least, Format format) {
    format_now = format;
    auto logger = std::make_shared<spdlog::logger>("cairn", std::make_shared<NeverWaiting>());
    // The message is made by `write`: here stand time and level only.
    logger->set_pattern(format == Format::json
                            ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                            : "%Y-%m-%dT%H:%M:%S.%eZ %-5l %v",
                        spdlog::pattern_time_type::utc);
    logger->set_level(to_spdlog(least));
    logger->flush_on(spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
}

bool parse_level(std::string_view word, Level& level) {
    if (word == "debug")
        level = Level::debug;
    else if (word == "info")
        level = Level::info;
    else if (word == "warn")
        level = Level::warn;
    else if (word == "error")
        level = Level::error;
    else
        return false;
    return true;
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    if (!spdlog::should_log(to_spdlog(level))) return;
    std::string line;
    if (format_now == Format::json) {
        line = "\"event\":";
        json::append_string(line, event);
        for (const auto& field : fields) {
            line += ',';
            json::append_string(line, field.name);
            line += ':';
            append_value(line, field);
        }
    } else {
        line = event;
        for (const auto& field : fields) {
            line += ' ';
            line += field.name;
            line += '=';
            append_value(line, field);
        }
    }
    spdlog::log(to_spdlog(level), "{}", line);
}

}  // namespace cairn::log
