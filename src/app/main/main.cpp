#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "app/command_line.hpp"
#include "app/last_words.hpp"
#include "app/refuse.hpp"
#include "app/run_node.hpp"
#include "app/tools.hpp"

namespace {

/// What a command printed counts once it is written: a full disk tells of itself only then.
int printed(int status) {
    errno = 0;
    std::cout.flush();
    std::fflush(stdout);
    const int error = errno;
    if (std::cout && std::ferror(stdout) == 0) return status;
    // A reader that has seen enough (`| head`) needs no word.
    if (error == EPIPE) return status;
    const int refused =
        cairn::refuse("standard output cannot be written" +
                      (error == 0 ? std::string{} : ": " + std::generic_category().message(error)));
    return status == 0 ? refused : status;
}

struct Run {
    // What a node says there it says in its log as well.
    int operator()(const cairn::RunNode& run) const { return cairn::run_node(run.settings); }
    int operator()(const cairn::RunVerify& run) const {
        return printed(cairn::run_verify(run.settings));
    }
    int operator()(const cairn::RunExport& run) const {
        return printed(cairn::run_export(run.settings));
    }
    int operator()(const cairn::RunImport& run) const {
        return printed(cairn::run_import(run.settings));
    }
    int operator()(const cairn::RunDemo& run) const {
        return printed(cairn::run_demo(run.settings));
    }
    int operator()(const cairn::RunNewChain& run) const {
        return printed(cairn::run_new_chain(run.settings));
    }
    int operator()(const cairn::RunClient& run) const {
        return printed(cairn::cli::run(run.options, run.words, run.command));
    }
    int operator()(const cairn::Exit& exit) const { return printed(exit.status); }
};

}  // namespace

int main(int argc, char** argv) {
    // A reader that is gone, and a file that has reached its limit, are told of by the write.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    std::set_terminate(cairn::say_last_words);
    try {
        return std::visit(
            Run{}, cairn::parse_command_line(std::vector<std::string>(argv + 1, argv + argc)));
    } catch (const std::exception& error) {
        return cairn::refuse(cairn::sentence_of(error));
    }
}
