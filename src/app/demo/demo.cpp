#include "app/demo/demo.hpp"

#include <stdlib.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "app/demo/child_node.hpp"
#include "app/signals.hpp"
#include "cli/base/json.hpp"
#include "cli/base/text.hpp"
#include "cli/base/url.hpp"
#include "cli/http/http.hpp"
#include "json/writer.hpp"

namespace cairn {
namespace {

using Clock = std::chrono::steady_clock;
using cli::Json;

constexpr std::size_t kNodes = 3;
constexpr long kLook_ms = 100;  // between two looks at the nodes
constexpr std::array<const char*, kNodes> kMiners = {"anna", "ben", "cleo"};
constexpr std::array<const char*, 5> kPeople = {"anna", "ben", "cleo", "dora", "emil"};

/// A directory that goes with its object.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::error_code error;
        std::string name = std::filesystem::temp_directory_path(error) / "cairn-demo-XXXXXX";
        if (!error && mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;  // what is left lies among the temporary files
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// One of the nodes, and what was last seen of it.
struct Player {
    std::string name;  // "node 1"
    std::unique_ptr<ChildNode> process;
    std::unique_ptr<cli::Http> http;
    std::uint64_t index = 1;
    std::string hash;
};

class Demo {
public:
    explicit Demo(const DemoSettings& settings) : settings_{settings} {}

    int run() {
        if (folder_.path().empty()) {
            return refuse(
                "no folder can be made among the temporary files: make room there, or let TMPDIR "
                "name another folder");
        }
        std::cout << "Three nodes of a dev chain start; Ctrl-C ends them, and nothing is left.\n"
                  << std::flush;
        for (std::size_t i = 0; i < kNodes; ++i)
            if (auto started = start_node(i); !started) return refuse(started.error());
        if (auto joined = join(); !joined) return refuse(joined.error());
        introduce();
        return follow();
    }

private:
    static int refuse(const std::string& sentence) {
        std::cerr << "cairn: " << sentence << "\n";
        return 1;
    }

    Result<void, std::string> start_node(std::size_t i) {
        const std::string number = std::to_string(i + 1);
        const auto words = [&](std::size_t port) {
            return std::vector<std::string>{"--chain",
                                            "dev",
                                            "--datadir",
                                            folder_.path() + "/node" + number,
                                            "--http",
                                            "127.0.0.1:" + std::to_string(port),
                                            "--mine",
                                            "--mine-to",
                                            kMiners[i],
                                            "--mine-every",
                                            std::to_string(settings_.block_every * kNodes),
                                            "--threads",
                                            "1"};
        };
        const std::string log = folder_.path() + "/node" + number + ".log";
        const std::size_t wanted = settings_.port == 0 ? 0 : settings_.port + i;
        auto process = ChildNode::start(words(wanted > 65'535 ? 0 : wanted), log);
        // The usual port may be another node's: any other will do.
        if (!process) process = ChildNode::start(words(0), log);
        if (!process) {
            keep_log(log);
            return fail("node " + number + " did not start; its own words stand above");
        }
        Player player;
        player.name = "node " + number;
        player.http = std::make_unique<cli::Http>((*process)->url());
        player.process = std::move(*process);
        players_.push_back(std::move(player));
        return {};
    }

    /// The folder goes, and the reason why a node did not start with it: it is shown first.
    static void keep_log(const std::string& file) {
        if (std::FILE* log = std::fopen(file.c_str(), "r"); log != nullptr) {
            std::array<char, 4096> text{};
            const std::size_t size = std::fread(text.data(), 1, text.size(), log);
            std::cerr << std::string_view{text.data(), size};
            std::fclose(log);
        }
    }

    Result<void, std::string> join() {
        for (std::size_t i = 0; i + 1 < kNodes; ++i) {
            std::string body;
            json::Writer nodes{body};
            nodes.begin_object().key("nodes").begin_array();
            for (std::size_t other = i + 1; other < kNodes; ++other)
                nodes.string(players_[other].process->url());
            nodes.end_array().end_object();
            const Json answer = ask(players_[i], "POST", "/nodes/register", std::move(body));
            for (const Json& node : answer["nodes"].elements())
                if (!node["connected"].is_true())
                    return fail(players_[i].name + " does not reach " +
                                cli::shown(node["address"]) + ": " + cli::shown(node["detail"]));
            if (answer["nodes"].elements().empty())
                return fail(players_[i].name +
                            " registered nobody: " + cli::shown(answer["detail"]));
        }
        return {};
    }

    void introduce() const {
        std::cout << "\n";
        for (std::size_t i = 0; i < kNodes; ++i)
            std::cout << "  " << players_[i].name << "  " << players_[i].process->url()
                      << "  mines for " << kMiners[i] << "\n";
        const std::string& url = players_[0].process->url();
        std::cout
            << "\nTry, in another terminal:\n"
            << "  curl " << url << "/chain\n"
            << "  curl " << url
            << "/transactions/new -d '{\"sender\":\"anna\",\"recipient\":\"you\",\"amount\":5}'\n"
            << "  curl " << players_.back().process->url() << "/accounts/you\n\n"
            << std::flush;
    }

    int follow() {
        auto next_transfer = Clock::now() + wait(settings_.transfer_every);
        for (;;) {
            const int signal = signals_.wait(kLook_ms);
            const bool over = (settings_.seconds > 0 && seconds() >= settings_.seconds) ||
                              std::ferror(stdout) != 0;  // nobody can follow it any more
            if (signal != 0 || over) break;
            for (auto& player : players_) {
                if (!player.process->alive()) return refuse(player.name + " has ended by itself");
                look(player);
            }
            if (Clock::now() >= next_transfer) {
                send();
                next_transfer = Clock::now() + wait(settings_.transfer_every);
            }
        }
        std::cout << "\nThe nodes end.\n" << std::flush;
        for (auto& player : players_) player.process->stop();
        return 0;
    }

    /// Tells what is new at a node.
    void look(Player& player) {
        const Json status = ask(player, "GET", "/status", "");
        const std::string hash = status["hash"].text();
        if (hash.empty() || hash == player.hash) return;
        const Json block = ask(player, "GET", "/blocks/" + cli::percent_encode(hash), "");
        const auto& transactions = block["transactions"].elements();
        if (transactions.empty()) return;  // it has moved on meanwhile
        const std::uint64_t index = block["index"].whole_number();
        const std::string previous = block["previous_hash"].text();
        const bool other_branch = !player.hash.empty() && index <= player.index;
        if (other_branch)
            tell(player.name,
                 "leaves its branch: another has more work, up to block " + std::to_string(index));
        const std::string short_hash = cli::plain(hash).substr(0, 12);
        const bool is_genesis = index == 1;
        if (!is_genesis && newest_.insert_first(hash)) {
            const std::string finder = transactions.front()["recipient"].text();
            tell(node_of(finder).value_or(player.name),
                 "finds block " + std::to_string(index) + " " + short_hash + " for " +
                     cli::plain(finder) + ", with " +
                     cli::counted(transactions.size() - 1, "transfer"));
        }
        player.index = index;
        player.hash = hash;
        bool all = true;
        for (const auto& other : players_) all = all && other.hash == hash;
        if (all && !is_genesis)
            tell("all", "agree on block " + std::to_string(index) + " " + short_hash);
    }

    /// The node that mines for `miner`. A look may find a block elsewhere first.
    [[nodiscard]] std::optional<std::string> node_of(const std::string& miner) const {
        for (std::size_t i = 0; i < players_.size(); ++i)
            if (miner == kMiners[i]) return players_[i].name;
        return std::nullopt;
    }

    void send() {
        const auto pick = [this](std::size_t count) {
            return std::uniform_int_distribution<std::size_t>{0, count - 1}(random_);
        };
        const std::size_t from = pick(kPeople.size());
        const std::size_t to = (from + 1 + pick(kPeople.size() - 1)) % kPeople.size();
        const std::size_t hundredths = 1 + pick(2'000);
        std::array<char, 32> amount{};
        std::snprintf(amount.data(), amount.size(), "%zu.%02zu", hundredths / 100,
                      hundredths % 100);
        Player& player = players_[pick(players_.size())];
        std::string body;
        json::Writer transfer{body};
        transfer.begin_object().key("sender").string(kPeople[from]);
        transfer.key("recipient").string(kPeople[to]).key("amount").raw(amount.data());
        transfer.end_object();
        const Json answer = ask(player, "POST", "/transactions/new", std::move(body));
        const std::string what =
            std::string{kPeople[from]} + " sends " + kPeople[to] + " " + amount.data() + " coins";
        if (answer["id"].is_string())
            tell(player.name, what);
        else
            tell(player.name, what + ": refused, " + cli::shown(answer["detail"]));
    }

    /// The answer to a request; an empty value if none came. A node that has died is noticed by its
    /// process.
    static Json ask(Player& player, std::string method, std::string target, std::string body) {
        cli::HttpRequest request;
        request.method = std::move(method);
        request.target = std::move(target);
        if (!body.empty()) request.body = std::move(body);
        request.silence_s = 10;
        const auto answer = player.http->send(request);
        if (!answer) return Json{};
        return cli::parse_json(answer->body).value_or(Json{});
    }

    Clock::duration wait(double mean_seconds) {
        if (mean_seconds <= 0) return {};
        const double drawn = std::exponential_distribution<>{1 / mean_seconds}(random_);
        return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{drawn});
    }
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(Clock::now() - begin_).count();
    }
    void tell(const std::string& who, const std::string& what) const {
        std::printf("%7.1f s  %-7s %s\n", seconds(), who.c_str(), what.c_str());
        std::fflush(stdout);
    }

    /// The last few hashes that were told of.
    class Newest {
    public:
        bool insert_first(const std::string& hash) {
            for (const auto& known : known_)
                if (known == hash) return false;
            known_[next_++ % known_.size()] = hash;
            return true;
        }

    private:
        std::array<std::string, 64> known_;
        std::size_t next_ = 0;
    };

    DemoSettings settings_;
    Signals signals_;
    TemporaryFolder folder_;
    std::vector<Player> players_;
    Newest newest_;
    std::mt19937_64 random_{std::random_device{}()};
    Clock::time_point begin_ = Clock::now();
};

}  // namespace

int run_demo(const DemoSettings& settings) { return Demo{settings}.run(); }

}  // namespace cairn
