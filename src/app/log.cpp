#include "app/log.hpp"

#include <poll.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>
#include <memory>
#include <mutex>
#include <string_view>

#include "json/quote.hpp"
#include "json/utf8.hpp"

namespace cairn::log {
namespace {

constexpr std::size_t kValueMax = 1000;  // bytes
constexpr std::size_t kLevelWidth = 5;   // of the longest word

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

/// The level as --log-level has it. spdlog's own names are longer ("warning"), and part of it.
class LevelWord final : public spdlog::custom_flag_formatter {
public:
    explicit LevelWord(std::size_t width) : width_{width} {}

    void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
                spdlog::memory_buf_t& line) override {
        const std::string_view word = word_of_level(message.level);
        line.append(word.data(), word.data() + word.size());
        for (std::size_t column = word.size(); column < width_; ++column) line.push_back(' ');
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<LevelWord>(width_);
    }

private:
    static std::string_view word_of_level(spdlog::level::level_enum level) {
        switch (level) {
            case spdlog::level::debug:
                return "debug";
            case spdlog::level::info:
                return "info";
            case spdlog::level::warn:
                return "warn";
            default:
                return "error";
        }
    }

    std::size_t width_;  // of the column
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
    // The message is made by `write`: here stand time and level (%*) only.
    const bool json = format == Format::json;
    auto pattern = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    pattern->add_flag<LevelWord>('*', json ? 0 : kLevelWidth)
        .set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%*",%v})"
                          : "%Y-%m-%dT%H:%M:%S.%eZ %* %v");
    logger->set_formatter(std::move(pattern));
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
